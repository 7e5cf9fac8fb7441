#include "collectors/response/statsd/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/response/family_conflict.h"

namespace tocsin::statsd {
namespace {

constexpr std::size_t kMaxKey = 1024;      // that is remembered
constexpr std::size_t kSeriesBytes = 512;  // of a series besides its texts and values
constexpr std::string_view kHelp = "Sent by StatsD clients.";

EventType TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return EventType::kCounter;
    case Kind::kGauge:
      return EventType::kGauge;
    case Kind::kTimer:
    case Kind::kHistogram:
      return EventType::kObserver;
    case Kind::kSet:
      return EventType::kSet;
  }
  return EventType::kGauge;
}

MetricType MetricTypeOf(EventType type, const ObserverOptions& observer) {
  switch (type) {
    case EventType::kCounter:
      return MetricType::kCounter;
    case EventType::kObserver:
      return observer.summary ? MetricType::kSummary : MetricType::kHistogram;
    case EventType::kGauge:
    case EventType::kSet:
      return MetricType::kGauge;
  }
  return MetricType::kGauge;
}

}  // namespace

Table::Table(const Mapping& mapping, const TableLimits& limits,
             std::function<bool(std::string_view)> reserved)
    : mapping_(mapping), limits_(limits), reserved_(std::move(reserved)) {}

void Table::TakePacket(std::string_view packet, Listener listener) {
  ++counters_.packets[static_cast<std::size_t>(listener)];
  TakeText(packet);
}

void Table::TakeText(std::string_view lines) {
  while (!lines.empty()) {
    std::string_view line = TakeLine(lines);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    ++counters_.lines;
    if (line.size() > kMaxLine) {
      TakeError(SampleError::kMalformedLine);
      continue;
    }
    switch (ReadLine(line, *this)) {
      case LineKind::kSamples:
        break;
      case LineKind::kEvent:
        ++counters_.ignored_events;
        break;
      case LineKind::kServiceCheck:
        ++counters_.ignored_checks;
        break;
    }
  }
}

void Table::TakeError(SampleError error) {
  ++counters_.sample_errors[static_cast<std::size_t>(error)];
}

void Table::Take(const Sample& sample) {
  ++counters_.samples;
  key_.assign(1, static_cast<char>(sample.kind));
  key_.append(sample.name).append(1, '\0').append(sample.tags);
  if (!sample.container.empty()) key_.append(1, '\0').append(sample.container);
  auto found = targets_.find(std::string_view(key_));
  const bool known = found != targets_.end() &&
                     (found->second.outcome != Outcome::kSeries ||
                      series_[found->second.series].generation == found->second.generation);
  Target target = known ? found->second : Resolve(sample);
  if (!known && key_.size() <= kMaxKey) {
    if (targets_.size() > 4 * limits_.max_series + 1000) targets_.clear();
    targets_.insert_or_assign(key_, target);
  }

  const EventType type = TypeOf(sample.kind);
  counters_.tag_errors += target.tag_errors;
  counters_.tags += target.tagged ? 1 : 0;
  if (target.outcome == Outcome::kMalformed) return TakeError(SampleError::kMalformedLine);
  if (target.outcome == Outcome::kDrop) {
    ++counters_.dropped_by_rule;
    return;
  }
  if (target.outcome == Outcome::kEmptyName) {
    ++counters_.event_errors[static_cast<std::size_t>(EventError::kEmptyName)];
    return;
  }
  ++(target.mapped ? counters_.mapped : counters_.unmapped);
  if (sample.kind == Kind::kCounter && sample.value * target.scale < 0) {
    ++counters_.event_errors[static_cast<std::size_t>(EventError::kNegativeCounter)];
    return;
  }
  if (target.outcome == Outcome::kConflict) {
    ++counters_.conflicts[static_cast<std::size_t>(type)];
    return;
  }
  if (target.outcome == Outcome::kFull) {
    ++counters_.dropped_by_limit;
    return;
  }
  ++counters_.events[static_cast<std::size_t>(type)];
  Update(series_[target.series], sample, target.scale);
}

Table::Target Table::Resolve(const Sample& sample) {
  if (!IsValidUtf8(sample.name) || !IsValidUtf8(sample.tags) || !IsValidUtf8(sample.container)) {
    return {Outcome::kMalformed};
  }
  Identity identity = ReadIdentity(sample);
  Target target{Outcome::kEmptyName};
  target.tagged = !identity.tags.empty();
  target.tag_errors = identity.tag_errors;
  const Target placed = Place(std::move(identity), sample);
  target.outcome = placed.outcome;
  target.mapped = placed.mapped;
  target.series = placed.series;
  target.generation = placed.generation;
  target.scale = placed.scale;
  return target;
}

/// Finds or makes the series.
Table::Target Table::Place(Identity identity, const Sample& sample) {
  const EventType event = TypeOf(sample.kind);
  const auto mapped = mapping_.Find(identity.name, event);
  const MappingRule* const rule = mapped ? mapped->rule : nullptr;
  Target target{Outcome::kEmptyName};
  target.mapped = rule != nullptr;
  if (rule && rule->drop) return {Outcome::kDrop};
  std::string family = EscapeName(mapped ? mapped->name : identity.name);
  if (family.empty()) return target;
  if (rule && rule->scale) target.scale = *rule->scale;

  LabelsBuilder builder;
  if (mapped && rule->honor_labels) {
    for (const auto& [name, value] : mapped->labels) builder.Set(name, value);
  }
  for (const auto& [name, value] : identity.tags) builder.Set(name, value);
  if (mapped && !rule->honor_labels) {
    for (const auto& [name, value] : mapped->labels) builder.Set(name, value);
  }
  const ObserverOptions& observer = rule ? rule->observer : mapping_.observer();
  const MetricType type = MetricTypeOf(event, observer);
  // What names the metric, and the labels that histograms and summaries make themselves.
  builder.Del(kMetricName);
  if (type == MetricType::kHistogram) builder.Del("le");
  if (type == MetricType::kSummary) builder.Del("quantile");
  Labels labels = builder.Build().WithoutEmpty();

  target.outcome = Outcome::kConflict;
  if (reserved_(family) || ConflictsWith(families_, family, type)) return target;
  std::string key = family + labels.ToString();
  if (const auto found = by_identity_.find(std::string_view(key)); found != by_identity_.end()) {
    const bool is_set = series_[found->second].distinct != nullptr;
    if (is_set == (event == EventType::kSet)) target.outcome = Outcome::kSeries;
    target.series = found->second;
    target.generation = series_[found->second].generation;
    return target;
  }

  target.outcome = Outcome::kSeries;
  auto spec = std::make_unique<SeriesSpec>(
      SeriesSpec{family, rule ? rule->help : std::string(), type, std::move(labels), {}});
  Series made;
  made.values.resize(1);
  if (event == EventType::kObserver) {
    spec->observer = observer;
    made.values.resize((type == MetricType::kSummary ? 0 : observer.bounds.size()) + 2);
  }
  if (type == MetricType::kSummary) {
    made.window = std::make_unique<WindowCounts>(observer.max_age);
    made.window->MoveTo(now_);
  }
  if (event == EventType::kSet) {
    made.distinct = std::make_unique<DistinctCount>();
    made.values[0] = std::nan("");  // until a whole interval is over
  }
  made.bytes = kSeriesBytes + 2 * key.size() + spec->labels.HeapBytes() +
               made.values.size() * 3 * sizeof(double) + (made.window ? sizeof(WindowCounts) : 0) +
               (made.distinct ? 4096 : 0);
  if (size_ >= limits_.max_series || bytes_ + made.bytes > limits_.max_bytes) {
    target.outcome = Outcome::kFull;
    return target;
  }
  // All series of a family have its first help.
  auto& use = families_.try_emplace(family, FamilyUse{type, spec->help, 0}).first->second;
  if (use.series++ == 0) use.type = type;
  spec->help = use.help.empty() ? std::string(kHelp) : use.help;
  made.ttl = rule ? rule->ttl : mapping_.ttl();
  made.key = key;
  made.spec = std::move(spec);
  if (vacant_.empty()) {
    target.series = static_cast<std::uint32_t>(series_.size());
    series_.emplace_back();
  } else {
    target.series = vacant_.back();
    vacant_.pop_back();
  }
  made.generation = target.generation = series_[target.series].generation;
  bytes_ += made.bytes;
  ++size_;
  series_[target.series] = std::move(made);
  by_identity_.emplace(std::move(key), target.series);
  return target;
}

void Table::Update(Series& series, const Sample& sample, double scale) {
  series.last = now_;
  double* const values = series.values.data();
  const double value = sample.value * scale;
  switch (sample.kind) {
    case Kind::kCounter:
      values[0] += value;
      return;
    case Kind::kGauge:
      values[0] = sample.relative ? values[0] + value : value;
      return;
    case Kind::kSet:
      series.distinct->Add(sample.member);
      return;
    case Kind::kTimer:
    case Kind::kHistogram:
      break;
  }
  const std::size_t last = series.values.size() - 1;
  values[last] += sample.weight;
  values[last - 1] += value * sample.weight;
  if (series.window) {
    series.window->Add(std::max(value, 0.0), static_cast<std::uint32_t>(sample.weight));
    return;
  }
  const std::vector<double>& bounds = series.spec->observer.bounds;
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
  if (bound != bounds.end()) values[bound - bounds.begin()] += sample.weight;
}

void Table::MoveTo(MonoTime now) {
  now_ = now;
  const bool sets_end = now - sets_began_ >= limits_.set_interval;
  if (sets_end) sets_began_ = now;
  const std::size_t before = size_;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    Series& series = series_[i];
    if (!series.spec) continue;
    if (series.ttl > milliseconds(0) && now - series.last > series.ttl) {
      Remove(i);
      continue;
    }
    if (series.window) series.window->MoveTo(now);
    if (series.distinct && sets_end) {
      series.values[0] = series.distinct->Estimate();
      series.distinct->Clear();
    }
  }
  if (size_ == before) return;
  // There is room again for what was turned away.
  std::erase_if(targets_, [](const auto& known) {
    return known.second.outcome == Outcome::kFull || known.second.outcome == Outcome::kConflict;
  });
}

void Table::Remove(std::size_t i) {
  Series& series = series_[i];
  by_identity_.erase(series.key);
  if (const auto family = families_.find(series.spec->family); --family->second.series == 0) {
    families_.erase(family);
  }
  bytes_ -= series.bytes;
  --size_;
  const std::uint32_t generation = series.generation + 1;
  series = Series{};
  series.generation = generation;
  vacant_.push_back(static_cast<std::uint32_t>(i));
}

const SeriesSpec* Table::Read(std::size_t i, std::vector<double>& out) const {
  const Series& series = series_[i];
  if (!series.spec) return nullptr;
  const SeriesSpec& spec = *series.spec;
  const auto sum_and_count = series.values.end() - (HasSuffixes(spec.type) ? 2 : 0);
  if (series.window) {
    FineCounts counts{};
    series.window->AddTo(counts);
    const std::size_t at = out.size();
    out.resize(at + spec.observer.quantiles.size());
    EstimateQuantiles(counts, spec.observer.quantiles, std::span(out).subspan(at));
  }
  double cumulative = 0;
  for (auto value = series.values.begin(); value != sum_and_count; ++value) {
    cumulative = spec.type == MetricType::kHistogram ? cumulative + *value : *value;
    out.push_back(cumulative);
  }
  out.insert(out.end(), sum_and_count, series.values.end());
  if (series.distinct && std::isnan(out.back())) out.back() = series.distinct->Estimate();
  return &spec;
}

}  // namespace tocsin::statsd
