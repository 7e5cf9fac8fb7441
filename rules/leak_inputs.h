#pragma once
// What a leak rule reads of the storage at one evaluation, and how values are joined to series.

#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "rules/leak_finding.h"
#include "rules/leak_spec.h"
#include "rules/promql/engine.h"

namespace tocsin {

/// Values that belong to series by their labels: one belongs to every series that has all of its
/// labels (the metric name apart) with the same values; of several the one with the most labels.
/// So a host's MemTotal belongs to all of its processes, a cgroup's limit to that cgroup.
class JoinedValues {
 public:
  JoinedValues() = default;
  explicit JoinedValues(std::vector<promql::VectorSample> samples);

  bool empty() const { return samples_.empty(); }
  /// The value that belongs to `series`, NaN for none. `hint` remembers where it stood for the next
  /// call for the same series, of these or later values.
  double Of(const Labels& series, std::uint32_t& hint) const;

 private:
  struct Shape {  // samples with the same label names
    std::vector<std::string> names;
    std::unordered_map<std::string, std::uint32_t> by_values;
  };
  static bool Belongs(const Labels& value, const Labels& series);

  std::vector<promql::VectorSample> samples_;
  bool same_count_ = true;             // of labels, so that hints can be trusted
  mutable std::vector<Shape> shapes_;  // most names first; made when it is first needed
  void MakeShapes() const;
};

struct LeakInputs {
  std::vector<promql::VectorSample> series;
  JoinedValues limit;
  JoinedValues total;
  JoinedValues work;
  JoinedValues restart;
};

/// Errors: those of the series' expression and of the limit's. Work and restarts that cannot be had
/// are unknown.
Result<LeakInputs> ReadLeakInputs(const promql::Expr& series, const LeakSpec& spec,
                                  std::int64_t t_ms, const promql::Queryable& storage,
                                  const promql::EngineOptions& engine);

/// What else there is of a series' process, at two times; what cannot be had is left out.
std::vector<BesideReading> ReadBeside(const LeakSpec& spec, const Labels& series,
                                      std::int64_t from_ms, std::int64_t to_ms,
                                      const promql::Queryable& storage,
                                      const promql::EngineOptions& engine);

}  // namespace tocsin
