#include "agent/performance/diagnosis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "rules/promql/parser.h"

namespace tocsin::performance {
namespace {

/// Subjects of one vital that are kept: the worst.
constexpr std::size_t kMaxSubjects = 20;
/// A resource that another one makes wait stands just behind it.
constexpr double kBehind = 0.01;

double Score(double value, const VitalSpec& vital) {
  double score = 0;
  if (value < vital.warning) {
    score = std::max(0.0, value / vital.warning);
  } else if (value < vital.critical) {
    score = 1 + (value - vital.warning) / (vital.critical - vital.warning);
  } else {
    score = std::min(3.0, 2 + (value - vital.critical) / vital.critical);
  }
  return vital.aspect == Aspect::kUtilisation ? std::min(score, 1.5) : score;
}

Result<std::vector<promql::VectorSample>> Ask(std::string_view text, std::int64_t at_ms,
                                              const promql::Queryable& storage,
                                              const promql::EngineOptions& options) {
  TRY_ASSIGN(const promql::ExprPtr expr, promql::ParseExpr(text));
  TRY_ASSIGN(promql::QueryResult result, promql::EvalInstant(*expr, at_ms, storage, options));
  std::erase_if(result.vector, [](const auto& sample) { return !std::isfinite(sample.value); });
  return std::move(result.vector);
}

void SortWorstFirst(std::vector<Reading>& readings) {
  std::stable_sort(readings.begin(), readings.end(),
                   [](const Reading& a, const Reading& b) { return a.score > b.score; });
}

Result<std::vector<Reading>> Read(const VitalSpec& vital, std::int64_t at_ms,
                                  const promql::Queryable& storage,
                                  const promql::EngineOptions& options) {
  TRY_ASSIGN(const auto samples, Ask(vital.expr, at_ms, storage, options));
  std::vector<Reading> readings;
  readings.reserve(samples.size());
  for (const promql::VectorSample& sample : samples) {
    readings.push_back({&vital, std::string(sample.labels.Get(vital.subject)), sample.value,
                        Score(sample.value, vital)});
  }
  SortWorstFirst(readings);
  if (readings.size() > kMaxSubjects) readings.resize(kMaxSubjects);
  return readings;
}

double ScoreOf(const Finding& finding, Aspect aspect) {
  double score = 0;
  for (const Reading& reading : finding.readings) {
    if (reading.vital->aspect == aspect) score = std::max(score, reading.score);
  }
  return score;
}

void Judge(Finding& finding) {
  SortWorstFirst(finding.readings);
  finding.score = finding.readings.front().score;
  for (const Reading& reading : finding.readings) {
    if (reading.score < 1) break;
    if (reading.subject.empty()) continue;
    finding.subject = reading.subject;
    break;
  }
}

/// A host that swaps keeps its disk busy with nothing else: what is short then is memory.
void FindCauses(std::array<Finding, kResources>& findings) {
  const Finding& memory = findings[static_cast<std::size_t>(Resource::kMemory)];
  Finding& disk = findings[static_cast<std::size_t>(Resource::kDisk)];
  if (disk.score < 1 || ScoreOf(memory, Aspect::kSaturation) < 1) return;
  const bool swaps =
      std::any_of(memory.readings.begin(), memory.readings.end(), [](const Reading& reading) {
        return reading.vital->name == "memory_swapping" && reading.score >= 1;
      });
  if (!swaps) return;
  disk.cause = Resource::kMemory;
  disk.score = std::min(disk.score, memory.score - kBehind);
}

Status FindCulprits(Finding& finding, std::int64_t at_ms, const promql::Queryable& storage,
                    const promql::EngineOptions& options) {
  const CulpritSpec spec = Culprits(finding.resource);
  if (spec.expr.empty()) return Unit{};
  TRY_ASSIGN(const auto samples, Ask(spec.expr, at_ms, storage, options));
  finding.culprit_measure = spec.measure;
  for (const promql::VectorSample& sample : samples) {
    if (sample.value <= 0) continue;
    finding.culprits.push_back({std::string(sample.labels.Get(spec.label)), sample.value});
  }
  return Unit{};
}

}  // namespace

std::string_view LevelText(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kCritical:
      return "critical";
  }
  return "";
}

std::string_view DirectionText(Trend::Direction direction) {
  switch (direction) {
    case Trend::Direction::kSteady:
      return "steady";
    case Trend::Direction::kRising:
      return "rising";
    case Trend::Direction::kFalling:
      return "falling";
  }
  return "";
}

Result<Diagnosis> Diagnose(const promql::Queryable& storage, std::int64_t at_ms,
                           const promql::EngineOptions& options) {
  Diagnosis diagnosis;
  diagnosis.at_ms = at_ms;
  std::array<Finding, kResources> findings;
  for (std::size_t i = 0; i < kResources; ++i) findings.at(i).resource = static_cast<Resource>(i);
  for (const VitalSpec& vital : Vitals()) {
    TRY_ASSIGN(std::vector<Reading> readings, Read(vital, at_ms, storage, options));
    if (readings.empty()) diagnosis.missing.push_back(&vital);
    auto& all = findings.at(static_cast<std::size_t>(vital.resource)).readings;
    std::move(readings.begin(), readings.end(), std::back_inserter(all));
  }
  for (Finding& finding : findings) {
    if (!finding.readings.empty()) Judge(finding);
  }
  FindCauses(findings);
  for (Finding& finding : findings) {
    if (finding.readings.empty()) continue;
    finding.level = finding.readings.front().level();
    if (finding.level != Level::kOk) TRY(FindCulprits(finding, at_ms, storage, options));
    diagnosis.findings.push_back(std::move(finding));
  }
  std::stable_sort(diagnosis.findings.begin(), diagnosis.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.score > b.score; });
  return diagnosis;
}

std::optional<Trend> TrendOf(std::vector<Sample> samples, double scale) {
  std::erase_if(samples, [](const Sample& sample) { return !std::isfinite(sample.value); });
  if (samples.empty()) return std::nullopt;
  Trend trend;
  trend.lowest = trend.highest = samples.front().value;
  const std::size_t recent_from = samples.size() - std::max<std::size_t>(1, samples.size() / 6);
  double before = 0;
  double recent = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double value = samples[i].value;
    trend.lowest = std::min(trend.lowest, value);
    trend.highest = std::max(trend.highest, value);
    (i < recent_from ? before : recent) += value;
  }
  trend.average = (before + recent) / static_cast<double>(samples.size());
  if (recent_from > 0) {
    before /= static_cast<double>(recent_from);
    recent /= static_cast<double>(samples.size() - recent_from);
    const double matters = 0.1 * (scale > 0 ? scale : std::fabs(trend.average));
    if (recent - before > matters) trend.direction = Trend::Direction::kRising;
    if (before - recent > matters) trend.direction = Trend::Direction::kFalling;
  }
  trend.samples = std::move(samples);
  return trend;
}

Result<std::vector<SubjectTrend>> TrendsOf(const VitalSpec& vital, const promql::Queryable& storage,
                                           std::int64_t start_ms, std::int64_t end_ms,
                                           std::int64_t step_ms,
                                           const promql::EngineOptions& options) {
  TRY_ASSIGN(const promql::ExprPtr expr, promql::ParseExpr(vital.expr));
  TRY(promql::CheckRange(*expr, start_ms, end_ms, step_ms, options));
  TRY_ASSIGN(promql::QueryResult result,
             promql::EvalRange(*expr, start_ms, end_ms, step_ms, storage, options));
  std::vector<SubjectTrend> trends;
  for (promql::MatrixSeries& series : result.matrix) {
    if (auto trend = TrendOf(std::move(series.samples), vital.warning)) {
      trends.push_back({std::string(series.labels.Get(vital.subject)), *std::move(trend)});
    }
  }
  return trends;
}

}  // namespace tocsin::performance
