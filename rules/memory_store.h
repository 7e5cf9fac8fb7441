#pragma once
// Samples held plainly in memory, for rule tests and replays: they bring their own history and
// time, and need neither compression nor retention.

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/labels.h"
#include "metrics/sample.h"
#include "rules/promql/queryable.h"

namespace tocsin {

/// Not thread-safe. A SeriesSet must not outlive the next Append.
class MemoryStore final : public promql::Queryable {
 public:
  /// Adds a sample; one that is not later than the last of its series is dropped. Labels with
  /// empty values are left out.
  void Append(const Labels& labels, std::int64_t t_ms, double value);

  std::size_t series() const { return series_.size(); }
  std::size_t samples() const { return samples_; }

  Result<std::unique_ptr<promql::SeriesSet>> Select(
      const promql::SelectHints& hints, std::span<const Matcher> matchers) const override;

 private:
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
  };

  std::vector<Series> series_;
  std::unordered_map<Labels, std::size_t, LabelsHash> by_labels_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
  std::size_t samples_ = 0;
};

}  // namespace tocsin
