#pragma once
// A host's page of a given size, for benchmarks: names, labels and values as node_exporter has
// them.

#include <string>
#include <vector>

#include "metrics/exposition/page.h"
#include "metrics/writer.h"

namespace tocsin::bench {

class PageSource final : public exposition::SnapshotSource {
 public:
  explicit PageSource(int series) : series_(series) { NextRound(); }

  void NextRound() {
    ++round_;
    writer_.Begin(FromMillis(round_));
    for (int family = 0; written_ < series_; ++family) AddFamily(family);
    written_ = 0;
    entries_ = {{"bench", *writer_.Finish()}};
  }
  std::uint64_t Version() const override { return static_cast<std::uint64_t>(round_); }
  void Read(std::vector<exposition::NamedSnapshot>& out) const override { out = entries_; }

 private:
  /// Every other family has one series, the rest ten.
  void AddFamily(int family) {
    const std::string name = "node_subsystem_" + std::to_string(family) + "_operations_total";
    const FamilySpec spec{name, MetricType::kCounter, "How often the subsystem did what it does."};
    if (family % 2 == 0) {
      Add(spec, {});
      return;
    }
    for (int i = 0; i < 10; ++i) {
      const std::string device = "nvme0n" + std::to_string(i);
      const LabelView labels[] = {{"device", device}, {"mode", "write"}};
      Add(spec, labels);
    }
  }
  void Add(const FamilySpec& spec, std::span<const LabelView> labels) {
    if (written_ == series_) return;
    // A third each: small whole numbers, large ones, fractions.
    const double n = written_ * 7919 + static_cast<double>(round_);
    const double values[] = {n, n * 1e6 + 1, n / 7};
    writer_.Add(spec, labels, values[written_ % 3]);
    ++written_;
  }

  int series_;
  int written_ = 0;
  std::int64_t round_ = 0;
  RoundWriter writer_;
  std::vector<exposition::NamedSnapshot> entries_;
};

}  // namespace tocsin::bench
