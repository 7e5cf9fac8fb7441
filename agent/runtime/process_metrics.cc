#include "agent/runtime/process_metrics.h"

#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "agent/runtime/telemetry.h"
#include "base/parse.h"
#include "collectors/host_fs.h"

namespace tocsin {
namespace {

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

void Add(std::vector<prometheus::MetricFamily>& families, prometheus::MetricFamily family,
         double value) {
  AddValue(family, {}, value);
  families.push_back(std::move(family));
}

void AddMemory(std::vector<prometheus::MetricFamily>& families) {
  static const auto fs = MakeHostFs({});
  const auto statm = fs->Read("/proc/self/statm");
  if (!statm) return;
  std::string_view text = *statm;
  const auto total_pages = ParseInt<std::uint64_t>(TakeField(text));
  const auto resident_pages = ParseInt<std::uint64_t>(TakeField(text));
  if (!total_pages || !resident_pages) return;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  Add(families, GaugeFamily("process_virtual_memory_bytes", "Virtual memory size in bytes."),
      static_cast<double>(*total_pages) * page);
  Add(families, GaugeFamily("process_resident_memory_bytes", "Resident memory size in bytes."),
      static_cast<double>(*resident_pages) * page);
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0) {
    Add(families,
        GaugeFamily("process_virtual_memory_max_bytes",
                    "Maximum amount of virtual memory available in bytes."),
        static_cast<double>(limit.rlim_cur));
  }
}

void AddDescriptors(std::vector<prometheus::MetricFamily>& families) {
  static const auto fs = MakeHostFs({});
  if (const auto open = fs->List("/proc/self/fd")) {
    // The listing's own descriptor is one of them.
    Add(families, GaugeFamily("process_open_fds", "Number of open file descriptors."),
        static_cast<double>(open->size()) - 1);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(families, GaugeFamily("process_max_fds", "Maximum number of open file descriptors."),
        static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

void AddProcessMetrics(WallTime started, std::vector<prometheus::MetricFamily>& families) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    Add(families,
        CounterFamily("process_cpu_seconds_total",
                      "Total user and system CPU time spent in seconds."),
        Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  AddMemory(families);
  AddDescriptors(families);
  Add(families,
      GaugeFamily("process_start_time_seconds",
                  "Start time of the process since unix epoch in seconds."),
      ToSeconds(started));
}

}  // namespace tocsin
