// How a round's cost grows with the size of the host: CPUs, disks, mounts, cgroups. Hosts are made
// in a folder of /dev/shm, so that what is measured is this code and not a kernel's own text.
// Prints a table; exits 1 if one item of the largest host costs more than twice what one of the
// host before it does: growth must be linear.

#include <sys/statvfs.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/base/temp_folder.h"
#include "tests/bench/count_allocations.h"
#include "tests/bench/measure.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 50;

class Host {
 public:
  void Write(const std::string& path, const std::string& text) const { root_.Write(path, text); }
  void Folder(const std::string& path) const { fs::create_directories(root_ / path); }
  HostPaths paths() const {
    return {root_ / "proc", root_ / "sys", root_ / "root", root_ / "udev"};
  }

 private:
  const TempFolder root_{"/dev/shm"};
};

void Cpus(const Host& host, int count) {
  std::string stat = "cpu  1 2 3 4 5 6 7 8 9 10\n";
  std::string schedstat = "version 15\ntimestamp 15819019232\n";
  std::string softnet;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    stat += "cpu" + n + " 30" + n + " 20 30 40 50 60 70 80 90 10\n";
    schedstat += "cpu" + n +
                 " 498494191 0 3533438552 2553969831 3853684107 2465731542 204593 3433"
                 " 4533 3453\n";
    softnet += "00015c73 00020e76 0000076" + std::to_string(i % 10) +
               " 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n";
  }
  host.Write("proc/stat", stat +
                              "intr 1 2 3\nctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\n"
                              "procs_blocked 0\nsoftirq 1 2\n");
  host.Write("proc/schedstat", schedstat);
  host.Write("proc/net/softnet_stat", softnet);
}

void Disks(const Host& host, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += " 259 " + std::to_string(i) + " nvme" + std::to_string(i) +
            "n1 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 "
            "9653880 82621804 1 2 3 4 5 6\n";
  }
  host.Write("proc/diskstats", text);
}

void Mounts(const Host& host, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string point = "/srv/volume" + std::to_string(i);
    text += "/dev/sd" + std::to_string(i) + " " + point + " ext4 rw,relatime 0 0\n";
    host.Folder("root" + point);
  }
  host.Write("proc/1/mounts", text);
}

void Cgroups(const Host& host, int count) {
  const std::string base = "sys/fs/cgroup/";
  host.Write(base + "cgroup.controllers", "cpu io memory pids\n");
  for (int i = 0; i < count; ++i) {
    const std::string folder = base + "system.slice/unit" + std::to_string(i) + ".service/";
    host.Write(folder + "cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
    host.Write(folder + "memory.current", "4096\n");
    host.Write(folder + "memory.stat", "anon 1\nfile 2\nfile_mapped 3\ninactive_file 4\n");
    host.Write(folder + "memory.max", "max\n");
    host.Write(folder + "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
    host.Write(folder + "pids.current", "3\n");
    host.Write(folder + "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    host.Write(folder + "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n");
  }
}

struct Growth {
  const char* what;
  std::vector<const char*> collectors;
  std::vector<int> sizes;
  std::function<void(const Host&, int)> make;
  const char* settings;
};

bool Measure(const Growth& growth) {
  bool linear = true;
  for (const char* name : growth.collectors) {
    double each_before = 0;
    for (const int size : growth.sizes) {
      const Host host;
      growth.make(host, size);
      const auto real = MakeHostFs(host.paths());
      MeasuredCollector collector(*FindCollector(name), *real, growth.settings);
      for (int i = 0; i < 5; ++i) collector.Round();
      const std::size_t before = allocations;
      const double cpu = collector.MeanCpu(kRounds);
      const double each = cpu / size;
      std::printf("%-8s %-11s %8d %12.1f %10.3f %8zu %12.2f\n", growth.what, name, size, cpu, each,
                  collector.series(), static_cast<double>(allocations - before) / kRounds);
      if (size == growth.sizes.back()) linear = linear && each <= each_before * 2;
      if (collector.series() < static_cast<std::size_t>(size)) {
        std::printf("%s: too few series\n", name);
        linear = false;
      }
      each_before = each;
    }
  }
  return linear;
}

}  // namespace
}  // namespace tocsin

int main() {
  using namespace tocsin;
  const std::vector<Growth> growths{
      {"CPUs", {"cpu", "schedstat", "softnet"}, {4, 64, 1024}, &Cpus, "{}"},
      {"disks", {"diskstats"}, {10, 100, 1000}, &Disks, "{}"},
      {"mounts", {"filesystem"}, {10, 100, 1000}, &Mounts, "{}"},
      {"cgroups", {"cgroup"}, {10, 100, 1000}, &Cgroups, "{max_cgroups: 2000}"}};
  std::printf("%-8s %-11s %8s %12s %10s %8s %12s\n", "of", "collector", "items", "us a round",
              "us each", "series", "allocations");
  bool linear = true;
  for (const Growth& growth : growths) linear = Measure(growth) && linear;
  return linear ? 0 : 1;
}
