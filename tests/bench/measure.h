#pragma once
// CPU and heap of rounds of one collector, for benchmarks.

#include <time.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "metrics/writer.h"

namespace tocsin {

inline double CpuMicroseconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

inline double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

inline net::Network& BenchNetwork() {
  static const SystemClock clock;
  static net::Network network(clock);
  return network;
}

/// A collector whose rounds are an interval apart by its own clock, whatever the real one says.
class MeasuredCollector {
 public:
  MeasuredCollector(const CatalogEntry& entry, const HostFs& host, const std::string& settings)
      : entry_(entry), file_(*ParseYaml(settings, "settings")) {
    auto made = entry.make({host, file_, *file_.root, BenchNetwork()});
    if (made) collector_ = *std::move(made);
  }

  /// False if the round failed or the collector could not be made.
  bool Round() {
    if (!collector_) return false;
    now_ += entry_.interval;
    writer_.Begin(WallTime(seconds(1'700'000'000)) + now_);
    const RoundContext round{WallTime(seconds(1'700'000'000)) + now_, MonoTime(now_), {}};
    if (!collector_->Collect(round, writer_).ok()) return false;
    const auto snapshot = writer_.Finish();
    if (!snapshot) return false;
    series_ = (*snapshot)->values.size();
    return true;
  }
  std::size_t series() const { return series_; }

  /// The median CPU of a round, in microseconds.
  double MedianCpu(int rounds) {
    std::vector<double> cpu;
    for (int i = 0; i < rounds; ++i) {
      const double start = CpuMicroseconds();
      Round();
      cpu.push_back(CpuMicroseconds() - start);
    }
    return Median(std::move(cpu));
  }
  double MeanCpu(int rounds) {
    const double start = CpuMicroseconds();
    for (int i = 0; i < rounds; ++i) Round();
    return (CpuMicroseconds() - start) / rounds;
  }

 private:
  const CatalogEntry& entry_;
  YamlFile file_;
  std::unique_ptr<Collector> collector_;
  RoundWriter writer_;
  milliseconds now_{3600'000};
  std::size_t series_ = 0;
};

}  // namespace tocsin
