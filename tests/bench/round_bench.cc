// What one round of all default system collectors costs on this host: CPU beside that of only
// opening and reading the same files, and heap allocations of a steady round. Prints a table; exits
// 1 if a collector's steady round allocates.

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/extremes.h"
#include "collectors/net/network.h"
#include "metrics/writer.h"
#include "tests/bench/count_allocations.h"
#include "tests/bench/measure.h"
#include "tests/bench/recording_host_fs.h"

namespace tocsin {
namespace {

const std::array<ExtremesOf, 2> kExtremes{
    {{"node_load1", seconds(60)}, {"node_memory_MemFree_bytes", seconds(60)}}};

constexpr int kRuns = 15;
constexpr int kRoundsPerRun = 40;

template <class Work>
double CpuPerRound(Work work) {
  const double start = CpuMicroseconds();
  for (int i = 0; i < kRoundsPerRun; ++i) work();
  return (CpuMicroseconds() - start) / kRoundsPerRun;
}

/// Opens, reads to the end and closes each path, whether file or directory.
void OnlyRead(const std::vector<std::string>& paths) {
  static std::array<char, 1 << 16> buffer;
  for (const std::string& path : paths) {
    if (DIR* dir = ::opendir(path.c_str())) {
      while (::readdir(dir)) {
      }
      ::closedir(dir);
      continue;
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    while (::read(fd, buffer.data(), buffer.size()) > 0) {
    }
    ::close(fd);
  }
}

struct Subject {
  const CatalogEntry* entry;
  std::unique_ptr<Collector> collector;
  RoundWriter writer;

  bool Round() {
    writer.Begin(WallTime(milliseconds(1)));
    const RoundContext round{WallTime(milliseconds(1)), MonoTime(std::chrono::hours(1)), {}};
    return collector->Collect(round, writer).ok() && writer.Finish().ok();
  }
};

}  // namespace
}  // namespace tocsin

int main() {
  using namespace tocsin;
  const auto host = MakeHostFs({});
  const YamlFile file{"bench", std::make_shared<const YamlNode>()};
  const SystemClock clock;
  net::Network network(clock);
  std::vector<Subject> subjects;
  RecordingHostFs recorder;
  std::vector<std::string> paths;
  for (const CatalogEntry& entry : CollectorCatalog()) {
    if (entry.room != "system" || !entry.on_by_default) continue;
    auto recorded = entry.make({recorder, file, *file.root, network});
    RoundWriter writer;
    writer.Begin(WallTime{});
    const bool works =
        recorded &&
        (*recorded)->Collect({WallTime{}, MonoTime(std::chrono::hours(1)), {}}, writer).ok();
    recorder.Clear();
    if (!works) continue;
    writer.Begin(WallTime{});
    if (!(*recorded)->Collect({WallTime{}, MonoTime(std::chrono::hours(1)), {}}, writer).ok())
      continue;
    const auto read = recorder.files();
    paths.insert(paths.end(), read.begin(), read.end());
    subjects.push_back({&entry, *entry.make({*host, file, *file.root, network}), {}});
    // Their extremes, which must cost no heap either.
    if (entry.name == "loadavg" || entry.name == "meminfo") {
      subjects.push_back(
          {&entry,
           WithExtremes(entry, *entry.make({*host, file, *file.root, network}), kExtremes),
           {}});
    }
  }

  std::printf("%-14s %12s %12s\n", "collector", "CPU us", "allocations");
  bool steady = true;
  std::size_t series = 0;
  for (Subject& subject : subjects) {
    for (int i = 0; i < 5; ++i) subject.Round();
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) subject.Round();
    const std::size_t after = allocations;
    const double cpu = CpuPerRound([&] { subject.Round(); });
    std::printf("%-14s %12.1f %12.1f\n", std::string(subject.entry->name).c_str(), cpu,
                static_cast<double>(after - before) / 10);
    steady = steady && after == before;
    subject.writer.Begin(WallTime{});
    if (subject.collector
            ->Collect({WallTime{}, MonoTime(std::chrono::hours(1)), {}}, subject.writer)
            .ok()) {
      if (const auto snapshot = subject.writer.Finish()) series += (*snapshot)->values.size();
    }
  }

  std::vector<double> round;
  std::vector<double> bare;
  for (int run = 0; run < kRuns; ++run) {
    round.push_back(CpuPerRound([&] {
      for (Subject& subject : subjects) subject.Round();
    }));
    bare.push_back(CpuPerRound([&] { OnlyRead(paths); }));
  }
  std::printf("\n%zu collectors, %zu series, %zu files and folders read\n", subjects.size(), series,
              paths.size());
  std::printf("a round %.0f us CPU, only reading %.0f us: factor %.2f (medians of %d)\n",
              Median(round), Median(bare), Median(round) / Median(bare), kRuns);
  return steady ? 0 : 1;
}
