#pragma once
// What holds the host up: every vital with its value, and the resources in the order in which they
// are short. A function of what a Queryable holds at one instant.

#include <optional>
#include <string>
#include <vector>

#include "agent/performance/vitals.h"
#include "base/result.h"
#include "rules/promql/engine.h"
#include "rules/promql/queryable.h"

namespace tocsin::performance {

enum class Level : std::uint8_t { kOk, kWarning, kCritical };
std::string_view LevelText(Level level);

/// A vital of one subject. `score`: 1 at the warning threshold, 2 at the critical one, linear below
/// and between, at most 3; of a kUtilisation at most 1.5.
struct Reading {
  const VitalSpec* vital = nullptr;
  std::string subject;  // "sda"; empty: the host
  double value = 0;
  double score = 0;
  Level level() const {
    return score >= 2 ? Level::kCritical : score >= 1 ? Level::kWarning : Level::kOk;
  }
};

struct Culprit {
  std::string name;
  double value = 0;
};

/// A resource, with what was read of it.
struct Finding {
  Resource resource = Resource::kCpu;
  double score = 0;  // of its worst reading; less than its cause's if it has one
  Level level = Level::kOk;
  std::string subject;            // of the worst reading that is not kOk and names one
  std::optional<Resource> cause;  // that which probably causes it
  std::vector<Reading> readings;  // worst first
  std::vector<Culprit> culprits;  // only when it is not kOk
  Measure culprit_measure = Measure::kCount;
};

struct Diagnosis {
  std::int64_t at_ms = 0;
  std::vector<Finding> findings;          // of all resources that have data, shortest first
  std::vector<const VitalSpec*> missing;  // vitals without data: an old kernel, a collector off
  Level level() const { return findings.empty() ? Level::kOk : findings.front().level; }
};

/// Errors: those of evaluation (kLimit, kTimeout, kIo).
Result<Diagnosis> Diagnose(const promql::Queryable& storage, std::int64_t at_ms,
                           const promql::EngineOptions& options);

/// What a value became over a span of time.
struct Trend {
  double lowest = 0;
  double highest = 0;
  double average = 0;
  /// The mean of the last sixth against the mean before, against the range they are judged by.
  enum class Direction : std::uint8_t { kSteady, kRising, kFalling } direction{};
  std::vector<Sample> samples;
};
std::string_view DirectionText(Trend::Direction direction);

/// `scale` is a difference that matters: a tenth of it is a change of direction. Of 0, a tenth of
/// the average is. NaN and infinite samples are left out; nothing for no samples.
std::optional<Trend> TrendOf(std::vector<Sample> samples, double scale);

/// The trends of a vital, by subject, over [start, end]. Errors: as Diagnose.
struct SubjectTrend {
  std::string subject;
  Trend trend;
};
Result<std::vector<SubjectTrend>> TrendsOf(const VitalSpec& vital, const promql::Queryable& storage,
                                           std::int64_t start_ms, std::int64_t end_ms,
                                           std::int64_t step_ms,
                                           const promql::EngineOptions& options);

}  // namespace tocsin::performance
