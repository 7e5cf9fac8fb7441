// OpenMetrics 1.0.0, with quoted names of its successor.

#include <cmath>

#include "metrics/exposition/reader.h"

namespace tocsin::exposition {
namespace {

/// OpenMetrics 1.0.0, "Exemplars": the combined length of names and values, in code points.
constexpr std::size_t kExemplarCodePoints = 128;

std::size_t CodePoints(std::string_view valid_utf8) {
  std::size_t n = 0;
  for (const char c : valid_utf8) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

/// Timestamps beyond this many seconds do not fit milliseconds of 64 bits.
constexpr double kMaxSeconds = 9.2e15;

Status TakeSpace(Scanner& in, std::string_view after) {
  if (in.Eat(' ')) return Unit{};
  return in.Fail("expected one space after the " + std::string(after) + ", found " + in.Found());
}

/// The name that a sample must have if its declared name alone is not one.
std::string_view NeededSuffix(const FamilyTable::State& state, MetricType type) {
  if (state.gauge_histogram) return "_bucket, _gcount or _gsum";
  if (type == MetricType::kHistogram) return "_bucket, _count or _sum";
  if (type == MetricType::kCounter && !state.declared.ends_with("_total")) return "_total";
  if (type == MetricType::kInfo && !state.declared.ends_with("_info")) return "_info";
  return {};
}

}  // namespace

Status Reader::OpenMetricsLine(Scanner& in) {
  if (ended_) return in.Fail("nothing may follow \"# EOF\"");
  if (in.AtEnd()) return in.Fail("OpenMetrics has no empty lines");
  return in.Sees('#') ? OpenMetricsMetadata(in) : OpenMetricsSample(in);
}

Status Reader::OpenMetricsMetadata(Scanner& in) {
  if (in.line() == "# EOF") {
    ended_ = true;
    return Unit{};
  }
  const std::size_t start = in.at();
  in.Eat("# ");
  const std::string_view keyword = in.TakeUntil(" ");
  if (keyword != "HELP" && keyword != "TYPE" && keyword != "UNIT") {
    return in.FailAt(start, "expected \"# HELP \", \"# TYPE \", \"# UNIT \" or \"# EOF\"");
  }
  TRY(TakeSpace(in, "keyword"));
  line_.StartLine(in.line().size());
  const std::size_t name_at = in.at();
  TRY_ASSIGN(const std::string_view name, samples_.ReadMetricName(in, line_.scratch));
  TRY(TakeSpace(in, "metric name"));
  TRY_ASSIGN(const std::uint32_t family, DeclareFamily(in, name_at, name));
  FamilyTable::State& state = table_.state(family);
  if (state.has_samples)
    return in.FailAt(name_at, "metadata must stand before the metric's samples");
  const std::size_t at = in.at();
  if (keyword == "HELP") return SetHelp(in, at, family, in.Rest());
  if (keyword == "TYPE") return SetType(in, at, family, in.Rest());
  if (std::exchange(state.has_unit, true)) return in.FailAt(at, "a second UNIT for this metric");
  const std::string_view unit = in.Rest();
  if (unit.empty()) return Unit{};
  std::string ending("_");
  ending += unit;
  if (!state.declared.ends_with(ending)) {
    return in.FailAt(at, "the metric's name must end in _ and its unit");
  }
  table_.family(family).unit = unit;
  return Unit{};
}

Status Reader::OpenMetricsSample(Scanner& in) {
  line_.StartLine(in.line().size());
  TRY(samples_.ReadSeries(in, line_));
  TRY(TakeSpace(in, "series"));
  ParsedSample sample;
  TRY_ASSIGN(sample.value, samples_.ReadNumber(in, "value"));
  TRY_ASSIGN(const FamilyTable::Match match, ResolveSample(in));
  if (match.suffix == Suffix::kNone) {
    const FamilyTable::State& state = table_.state(match.family);
    const std::string_view needed = NeededSuffix(state, table_.family(match.family).type);
    if (!needed.empty() && state.declared == line_.name) {
      return in.FailAt(0, "samples of this metric must have the suffix " + std::string(needed));
    }
  }
  TRY(CheckBounds(in, match));
  if (!in.AtEnd() && !in.Rest().starts_with(" # ")) {
    TRY(TakeSpace(in, "value"));
    const std::size_t at = in.at();
    TRY_ASSIGN(const double at_seconds, samples_.ReadNumber(in, "timestamp"));
    if (!(std::fabs(at_seconds) < kMaxSeconds)) {
      return in.FailAt(at, "a timestamp must be a finite number of seconds");
    }
    sample.timestamp_ms = std::llround(at_seconds * 1000);
  }
  if (!in.AtEnd()) TRY(ReadExemplar(in, match, sample));
  return Emit(in, match, sample);
}

Status Reader::ReadExemplar(Scanner& in, const FamilyTable::Match& match, ParsedSample& sample) {
  const std::size_t start = in.at();
  if (!in.Eat(" # ")) return in.Fail("expected the end of the line, or \" # \" of an exemplar");
  const MetricType type = table_.family(match.family).type;
  const bool allowed = match.suffix == Suffix::kBucket ||
                       (type == MetricType::kCounter && match.suffix == Suffix::kNone) ||
                       table_.state(match.family).gauge_histogram_bucket;
  if (!allowed) return in.FailAt(start, "only counters and buckets may have exemplars");
  TRY(samples_.ReadExemplarLabels(in, line_));
  std::size_t code_points = 0;
  for (const LabelView& label : line_.exemplar_labels) {
    code_points += CodePoints(label.name) + CodePoints(label.value);
  }
  if (code_points > kExemplarCodePoints) {
    return in.FailAt(start, "an exemplar's labels may have 128 characters at most");
  }
  TRY(TakeSpace(in, "exemplar's labels"));
  ParsedExemplar& exemplar = sample.exemplar.emplace();
  exemplar.labels = line_.exemplar_labels;
  TRY_ASSIGN(exemplar.value, samples_.ReadNumber(in, "exemplar value"));
  if (in.AtEnd()) return Unit{};
  in.Eat(' ');
  const std::size_t at = in.at();
  TRY_ASSIGN(exemplar.timestamp_seconds, samples_.ReadNumber(in, "exemplar timestamp"));
  if (!std::isfinite(*exemplar.timestamp_seconds)) {
    return in.FailAt(at, "a timestamp must be a finite number of seconds");
  }
  if (!in.AtEnd()) return in.Fail("expected the end of the line, found " + in.Found());
  return Unit{};
}

}  // namespace tocsin::exposition
