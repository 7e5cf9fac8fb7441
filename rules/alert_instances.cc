#include "rules/alert_instances.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/parse.h"
#include "rules/leak_tracker.h"
#include "rules/links.h"
#include "rules/promql/printer.h"

namespace tocsin {
namespace {

constexpr std::string_view kAlertName = "alertname";
constexpr std::string_view kSeverity = "severity";
constexpr std::string_view kAlertState = "alertstate";
constexpr std::string_view kResolvedBecause = "resolved_because";

using Readings = std::optional<std::array<Reading, kLevels>>;

Readings ReadingsOf(const Rule& rule, double value) {
  if (!rule.HasThresholds()) return std::array{Reading::kMet, Reading::kClear};
  if (std::isnan(value)) return std::nullopt;
  std::array<Reading, kLevels> readings{Reading::kClear, Reading::kClear};
  for (std::size_t i = 0; i < kLevels; ++i) {
    if (rule.thresholds[i]) readings[i] = Compare(*rule.thresholds[i], value);
  }
  return readings;
}

bool AllClear(const Readings& readings) {
  return readings && (*readings)[kLowLevel] == Reading::kClear &&
         (*readings)[kHighLevel] == Reading::kClear;
}

bool AnyMet(const Readings& readings) {
  return readings &&
         std::find(readings->begin(), readings->end(), Reading::kMet) != readings->end();
}

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

struct AlertInstances::Instance {
  Labels identity;
  Labels source;
  bool whole_rule = false;
  AlertStatus status;
  double value = 0;
  std::optional<Labels> sent_labels;
  bool sent_resolved = false;
  milliseconds since_sent{0};
  milliseconds since_resolved{0};
  std::string ended_because;
  std::uint64_t round = 0;  // in which it was last seen

  Labels annotations;
  bool annotations_current = false;

  // Made when the state or severity changes.
  bool series_current = false;
  Labels labels;       // identity with severity
  Labels told_labels;  // those with the external labels
  Labels alerts_series;
  Labels for_state_series;

  bool Active() const { return status.state != AlertState::kInactive; }

  void MakeSeries(const Labels& external) {
    if (series_current) return;
    series_current = true;
    labels = status.severity == Severity::kNone
                 ? identity
                 : identity.With(kSeverity, SeverityText(status.severity));
    LabelsBuilder told(labels);
    for (const LabelView& label : external) {
      if (!labels.Has(label.name)) told.Set(label.name, label.value);
    }
    told_labels = told.Build();
    alerts_series = LabelsBuilder(labels)
                        .Set(kMetricName, "ALERTS")
                        .Set(kAlertState, AlertStateText(status.state))
                        .Build();
    for_state_series = labels.With(kMetricName, "ALERTS_FOR_STATE");
  }
};

struct AlertInstances::Seen {
  Labels identity;
  const Labels* source;
  double value;
  Readings readings;
};

AlertInstances::AlertInstances(std::shared_ptr<const Rule> rule, const LeakTracker* leaks)
    : rule_(std::move(rule)), leaks_(leaks), canonical_expr_(promql::ToString(*rule_->expr)) {
  for (const RuleText& label : rule_->labels) {
    labels_are_plain_ = labels_are_plain_ && label.compiled->IsPlain();
  }
  for (const RuleText& annotation : rule_->annotations) {
    annotations_query_ = annotations_query_ || annotation.text.find("query") != std::string::npos;
  }
}

AlertInstances::~AlertInstances() = default;
AlertInstances::AlertInstances(AlertInstances&&) noexcept = default;

Labels AlertInstances::IdentityOf(const Labels& source, double value,
                                  const AlertEvaluation& evaluation,
                                  const AlertSurroundings& surroundings) const {
  std::vector<std::string> expanded;  // outlives the views
  if (!labels_are_plain_) {
    const tmpl::AlertTextData data{source, surroundings.external_labels, value};
    tmpl::Environment environment;
    environment.now = evaluation.at;
    environment.query = evaluation.query;
    environment.external_url = surroundings.external_url;
    expanded.reserve(rule_->labels.size());
    for (const RuleText& label : rule_->labels) {
      expanded.push_back(label.compiled->ExpandOrExplain(data, environment));
    }
  }
  std::vector<LabelView> all;
  all.reserve(source.size() + rule_->labels.size() + 1);
  const auto replaced = [this](std::string_view name) {
    return std::any_of(rule_->labels.begin(), rule_->labels.end(),
                       [name](const RuleText& label) { return label.name == name; });
  };
  for (const LabelView label : source) {
    if (label.name == kMetricName || label.value.empty() || replaced(label.name)) continue;
    // Of a rule with severities it is not part of what the alert is.
    if (label.name == kSeverity && !rule_->policy.plain) continue;
    all.push_back(label);
  }
  for (std::size_t i = 0; i < rule_->labels.size(); ++i) {
    const std::string& text = labels_are_plain_ ? rule_->labels[i].text : expanded[i];
    if (!text.empty()) all.push_back({rule_->labels[i].name, text});
  }
  all.push_back({kAlertName, rule_->name});
  return Labels(all);
}

Result<std::vector<AlertInstances::Seen>> AlertInstances::Judge(
    const AlertAnswer& answer, const AlertEvaluation& evaluation,
    const AlertSurroundings& surroundings) const {
  std::vector<Seen> seen;
  std::unordered_set<Labels, LabelsHash> identities;
  std::size_t active = 0;
  const bool remember_all = rule_->policy.no_data == NoData::kAlert;
  const auto judge = [&](const promql::VectorSample& sample, const Readings& readings) {
    // What is well and was never anything else needs no instance.
    if (AllClear(readings) && instances_.empty() && !remember_all) return true;
    Seen series{{}, &sample.labels, sample.value, readings};
    const auto known = by_source_.find(sample.labels);
    series.identity = known != by_source_.end()
                          ? known->second->identity
                          : IdentityOf(sample.labels, sample.value, evaluation, surroundings);
    const auto instance = instances_.find(series.identity);
    const bool exists = instance != instances_.end();
    if (AllClear(readings) && !exists && !remember_all) return true;
    if (AnyMet(readings) || (exists && instance->second->Active())) ++active;
    seen.push_back(series);
    return identities.insert(std::move(series.identity)).second;
  };
  for (const promql::VectorSample& sample : answer.result) {
    if (!judge(sample, ReadingsOf(*rule_, sample.value))) {
      return Error{Errc::kInvalid,
                   "vector contains metrics with the same labelset after applying alert labels"};
    }
  }
  if (answer.presence) {
    std::unordered_set<Labels, LabelsHash> met;
    for (const promql::VectorSample& sample : answer.result) met.insert(sample.labels);
    for (const promql::VectorSample& sample : *answer.presence) {
      // Two of them may become one alert: enough that it has data.
      if (met.count(sample.labels) == 0) {
        judge(sample, std::array{Reading::kClear, Reading::kClear});
      }
    }
  }
  if (surroundings.limit > 0 && active > surroundings.limit) {
    return Error{Errc::kLimit, "exceeded limit of " + std::to_string(surroundings.limit) +
                                   " with " + std::to_string(active) + " alerts"};
  }
  return seen;
}

AlertInstances::Instance& AlertInstances::InstanceOf(const Labels& identity, const Labels& source) {
  auto& slot = instances_[identity];
  if (!slot) {
    slot = std::make_unique<Instance>();
    slot->identity = identity;
    slot->source = source;
    if (labels_are_plain_) by_source_[source] = slot.get();
  }
  return *slot;
}

/// The same alert, of another series now: a label of the rule stands where the series differ.
void AlertInstances::SetSource(Instance& instance, const Labels& source) {
  if (const auto old = by_source_.find(instance.source);
      old != by_source_.end() && old->second == &instance) {
    by_source_.erase(old);
  }
  instance.source = source;
  instance.annotations_current = false;
  if (labels_are_plain_) by_source_[source] = &instance;
}

Status AlertInstances::Evaluate(const Result<AlertAnswer>& answer,
                                const AlertEvaluation& evaluation,
                                const AlertSurroundings& surroundings,
                                std::vector<AlertEvent>& events, std::vector<RuleSample>& samples) {
  ++round_;
  last_at_ = evaluation.at;
  auto seen =
      answer ? Judge(*answer, evaluation, surroundings) : Result<std::vector<Seen>>(answer.error());
  AlertPolicy policy = rule_->policy;
  // What a rule that failed would have said is not known; plain rules keep what is, too.
  if (!seen) policy.no_data = rule_->no_data.value_or(NoData::kKeep);

  bool any_data = false;
  if (seen) {
    any_data = !answer->result.empty() || (answer->presence && !answer->presence->empty());
    for (const Seen& series : *seen) {
      Instance& instance = InstanceOf(series.identity, *series.source);
      if (instance.round == round_) continue;  // a presence of an instance that was met
      instance.round = round_;
      instance.whole_rule = false;
      if (instance.source != *series.source) SetSource(instance, *series.source);
      const bool tells_value =
          rule_->HasThresholds() ? series.readings.has_value() : AnyMet(series.readings);
      if (tells_value && (annotations_query_ || !SameBits(instance.value, series.value))) {
        instance.value = series.value;
        instance.annotations_current = false;
      }
      Move(instance, policy, series.readings, evaluation);
    }
  }
  if (policy.no_data == NoData::kAlert && instances_.empty() && !any_data) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    Instance& instance =
        InstanceOf(IdentityOf(Labels(), nothing, evaluation, surroundings), Labels());
    instance.whole_rule = true;
    instance.value = nothing;
  }
  const bool absent_is_false = seen.ok() && !rule_->HasThresholds() && !rule_->presence;
  const Readings clear = std::array{Reading::kClear, Reading::kClear};
  for (auto& [identity, instance] : instances_) {
    if (instance->round != round_) {
      const bool is_false = absent_is_false || (instance->whole_rule && any_data);
      Move(*instance, policy, is_false ? clear : std::nullopt, evaluation);
    }
    Show(*instance, evaluation, surroundings, events, samples);
  }
  std::erase_if(instances_, [this](const auto& entry) {
    if (!MayForget(*entry.second)) return false;
    by_source_.erase(entry.second->source);
    return true;
  });
  return seen ? Status(Unit{}) : Status(seen.error());
}

void AlertInstances::Move(Instance& instance, const AlertPolicy& policy, const Readings& readings,
                          const AlertEvaluation& evaluation) {
  instance.since_sent += evaluation.elapsed;
  instance.since_resolved += evaluation.elapsed;
  const tocsin::Step step{evaluation.at, evaluation.elapsed, readings, evaluation.may_fire,
                          evaluation.may_end};
  switch (Advance(instance.status, policy, step)) {
    case Transition::kNone:
      return;
    case Transition::kPending:
    case Transition::kFired:
    case Transition::kSeverity:
      instance.ended_because.clear();
      break;
    case Transition::kResolvedBlind:
      instance.ended_because = "no data for " + FormatDuration(policy.no_data_for);
      instance.since_resolved = milliseconds(0);
      break;
    case Transition::kResolved:
      instance.since_resolved = milliseconds(0);
      break;
    case Transition::kGone:
      break;
  }
  instance.series_current = false;
}

void AlertInstances::Show(Instance& instance, const AlertEvaluation& evaluation,
                          const AlertSurroundings& surroundings, std::vector<AlertEvent>& events,
                          std::vector<RuleSample>& samples) const {
  const AlertStatus& status = instance.status;
  if (!instance.Active() && !status.resolved_at) return;
  instance.MakeSeries(surroundings.external_labels);
  if (instance.Active()) {
    // Asked of the storage as it is at this evaluation; the others follow from labels and value.
    // While the alert only goes on (keep_firing_for, no data) it says what it said last.
    if (annotations_query_ && (!instance.annotations_current || instance.whole_rule)) {
      instance.annotations = Annotations(instance, evaluation.at, evaluation.query, surroundings);
      instance.annotations_current = true;
    }
    samples.push_back({instance.alerts_series, evaluation.sample_ms, 1});
    samples.push_back(
        {instance.for_state_series, evaluation.sample_ms,
         static_cast<double>(
             std::chrono::floor<seconds>(status.active_at).time_since_epoch().count())});
  }
  if (status.state == AlertState::kPending) return;
  const bool resolved = status.state == AlertState::kInactive;
  if (resolved && !instance.sent_labels) return;  // nobody heard of it
  const bool changed = !instance.sent_labels || instance.sent_resolved != resolved ||
                       (!resolved && *instance.sent_labels != instance.told_labels);
  if (changed || instance.since_sent > surroundings.resend_delay) {
    events.push_back(Tell(instance, evaluation.at, evaluation.query, surroundings));
  }
}

AlertEvent AlertInstances::Tell(Instance& instance, WallTime at, const tmpl::QueryFunction* query,
                                const AlertSurroundings& surroundings) const {
  const AlertStatus& status = instance.status;
  const bool resolved = status.state == AlertState::kInactive;
  instance.MakeSeries(surroundings.external_labels);
  if (!instance.annotations_current) {
    instance.annotations = Annotations(instance, at, query, surroundings);
    instance.annotations_current = true;
  }
  AlertEvent event;
  event.identity = instance.identity;
  // What ends is what was told: the external labels may be others since.
  event.labels = resolved && instance.sent_labels ? *instance.sent_labels : instance.told_labels;
  event.annotations = instance.annotations;
  event.state = status.state;
  event.severity = status.severity;
  if (!resolved && instance.sent_labels && !instance.sent_resolved &&
      *instance.sent_labels != instance.told_labels) {
    event.replaced_labels = instance.sent_labels;
  }
  event.active_at = status.active_at;
  event.fired_at = status.fired_at;
  if (resolved) {
    event.resolved_at = *status.resolved_at;
    event.ended_because = instance.ended_because;
    if (!event.ended_because.empty()) {
      event.annotations = event.annotations.With(kResolvedBecause, event.ended_because);
    }
  }
  // Two evaluations or deliveries may fail before a receiver takes it for resolved.
  event.valid_until = at + 4 * std::max(surroundings.interval, surroundings.resend_delay);
  event.value = instance.value;
  event.generator_url = GraphLink(surroundings.external_url, canonical_expr_);
  instance.sent_labels = event.labels;
  instance.sent_resolved = resolved;
  instance.since_sent = milliseconds(0);
  return event;
}

Labels AlertInstances::Annotations(const Instance& instance, WallTime at,
                                   const tmpl::QueryFunction* query,
                                   const AlertSurroundings& surroundings) const {
  if (rule_->annotations.empty() && !leaks_) return {};
  const tmpl::AlertTextData data{instance.source, surroundings.external_labels, instance.value};
  tmpl::Environment environment;
  environment.now = at;
  environment.query = query;
  environment.external_url = surroundings.external_url;
  LabelsBuilder annotations;
  // What the rule itself says wins.
  if (const auto finding = leaks_ ? leaks_->Find(instance.source, at) : std::nullopt) {
    annotations.Set("summary", LeakSummary(*finding));
    annotations.Set("description", LeakDescription(*finding, at));
  }
  for (const RuleText& text : rule_->annotations) {
    annotations.Set(text.name, text.compiled->ExpandOrExplain(data, environment));
  }
  return annotations.Build();
}

bool AlertInstances::MayForget(const Instance& instance) const {
  if (instance.Active() || !RemembersNothing(instance.status)) return false;
  if (instance.status.resolved_at && instance.since_resolved <= kResolvedRetention) return false;
  return rule_->policy.no_data != NoData::kAlert || instance.whole_rule;
}

void AlertInstances::TakeFrom(AlertInstances& old) {
  instances_ = std::move(old.instances_);
  by_source_ = std::move(old.by_source_);
  last_at_ = old.last_at_;
  round_ = old.round_;
  old.instances_.clear();
  old.by_source_.clear();
  for (auto& [identity, instance] : instances_) {
    instance->series_current = false;  // external labels may be others now
    instance->annotations_current = false;
  }
}

void AlertInstances::End(WallTime at, std::string_view reason,
                         const AlertSurroundings& surroundings, std::vector<AlertEvent>& events) {
  for (auto& [identity, instance] : instances_) {
    if (!instance->sent_labels || instance->sent_resolved) continue;
    instance->status.state = AlertState::kInactive;
    instance->status.resolved_at = at;
    instance->ended_because = reason;
    events.push_back(Tell(*instance, at, nullptr, surroundings));
  }
  instances_.clear();
  by_source_.clear();
}

std::vector<AlertView> AlertInstances::View(const AlertSurroundings& surroundings) const {
  std::vector<AlertView> views;
  for (const auto& [identity, instance] : instances_) {
    if (!instance->Active()) continue;
    const AlertStatus& status = instance->status;
    AlertView view;
    view.labels = status.severity == Severity::kNone
                      ? identity
                      : identity.With(kSeverity, SeverityText(status.severity));
    view.annotations = instance->annotations_current
                           ? instance->annotations
                           : Annotations(*instance, last_at_, nullptr, surroundings);
    view.state = status.state;
    view.severity = status.severity;
    view.active_at = status.active_at;
    view.fired_at = status.fired_at;
    for (const LevelState& level : status.levels) {
      if (level.on && level.clearing) view.keep_firing_since = last_at_ - level.clear_for;
    }
    view.value = instance->value;
    view.no_data = status.no_data;
    views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(), [](const AlertView& a, const AlertView& b) {
    return (a.labels <=> b.labels) == std::strong_ordering::less;
  });
  return views;
}

AlertState AlertInstances::State() const {
  AlertState highest = AlertState::kInactive;
  for (const auto& [identity, instance] : instances_) {
    highest = std::max(highest, instance->status.state);
  }
  return highest;
}

void AlertInstances::Export(std::vector<AlertRecord>& records) const {
  for (const auto& [identity, instance] : instances_) {
    AlertRecord record;
    record.identity = identity;
    record.source = instance->source;
    record.whole_rule = instance->whole_rule;
    record.status = instance->status;
    record.value = instance->value;
    record.annotations = instance->annotations;
    record.sent_labels = instance->sent_labels;
    record.sent_resolved = instance->sent_resolved;
    record.since_sent = instance->since_sent;
    record.since_resolved = instance->since_resolved;
    record.ended_because = instance->ended_because;
    records.push_back(std::move(record));
  }
}

void AlertInstances::Restore(const AlertRecord& record) {
  Instance& instance = InstanceOf(record.identity, record.source);
  instance.whole_rule = record.whole_rule;
  instance.status = record.status;
  instance.value = record.value;
  instance.annotations = record.annotations;
  instance.sent_labels = record.sent_labels;
  instance.sent_resolved = record.sent_resolved;
  instance.since_sent = record.since_sent;
  instance.since_resolved = record.since_resolved;
  instance.ended_because = record.ended_because;
}

}  // namespace tocsin
