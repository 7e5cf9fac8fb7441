#include "rules/group.h"

#include <algorithm>
#include <map>

#include "base/parse.h"
#include "rules/leak_inputs.h"
#include "rules/leak_tracker.h"
#include "rules/look_back.h"
#include "rules/promql/printer.h"
#include "rules/rule_query.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using LabelsSet = std::unordered_set<Labels, LabelsHash>;

constexpr milliseconds kMostFireWarmUp = 10min;
constexpr milliseconds kMostEndWarmUp = 1h;

Labels AsWritten(const std::vector<RuleText>& texts) {
  std::vector<LabelView> views;
  views.reserve(texts.size());
  for (const RuleText& text : texts) views.push_back({text.name, text.text});
  return Labels(views);
}

std::string DescribeLevel(const Rule& rule, std::size_t level) {
  if (!rule.thresholds[level]) return {};
  const Threshold& threshold = *rule.thresholds[level];
  std::string text =
      rule.leak
          ? "exhausted within " +
                FormatDuration(milliseconds(static_cast<std::int64_t>(threshold.limit * 1000)))
          : Describe(threshold);
  const LevelPolicy& policy = *rule.policy.levels[level];
  if (policy.hold_for.count() > 0) text += " for " + FormatDuration(policy.hold_for);
  return text;
}

/// What each rule is called outside the group: its key, told apart from equal ones before it.
std::vector<std::string> KeysOf(const RuleGroupSpec& spec) {
  std::vector<std::string> keys;
  std::map<std::string, std::size_t> equal;
  for (const auto& rule : spec.rules) {
    std::string key = rule->Key();
    const std::size_t before = equal[key]++;
    keys.push_back(before == 0 ? std::move(key) : key + "\n#" + std::to_string(before));
  }
  return keys;
}

Result<AlertAnswer> Ask(const promql::Expr& expr, std::int64_t t_ms, const RuleContext& context) {
  TRY_ASSIGN(auto result, QueryVector(expr, t_ms, context.storage, context.engine));
  return AlertAnswer{std::move(result), std::nullopt};
}

}  // namespace

WarmUp WarmUpOf(milliseconds look_back, milliseconds interval, milliseconds settling,
                std::optional<milliseconds> data_age) {
  if (!data_age) return {};
  const milliseconds settled = std::max<milliseconds>(2 * interval, settling);
  return {*data_age >= std::min(look_back, kMostFireWarmUp) + settled,
          *data_age >= std::min(look_back, kMostEndWarmUp) + settled};
}

struct RuleGroup::State {
  std::shared_ptr<const Rule> rule;
  milliseconds look_back{0};
  std::unique_ptr<LeakTracker> leaks;    // of leak rules
  std::optional<AlertInstances> alerts;  // of alerting rules
  bool taken = false;                    // its state went to the rule after a reload
  bool inherited = false;                // it has the state of the rule before a reload
  LabelsSet series;                      // written by the last evaluation
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  WallTime last_evaluation{};
  nanoseconds evaluation_time{0};

  void Healthy() {
    health = RuleHealth::kOk;
    last_error.clear();
  }
  void Failed(const Error& error) {
    health = RuleHealth::kError;
    last_error = error.message();
  }
};

RuleGroup::RuleGroup(RuleGroupSpec spec, const RuleOptions& options)
    : spec_(std::move(spec)),
      keys_(KeysOf(spec_)),
      options_(options),
      interval_(spec_.interval.value_or(options.evaluation_interval)) {
  states_.reserve(spec_.rules.size());
  for (const auto& rule : spec_.rules) {
    State state;
    state.rule = rule;
    state.look_back = LookBack(*rule->expr);
    if (rule->leak) {
      state.leaks = std::make_unique<LeakTracker>(rule->name, rule->leak, options.leak_time_scale);
    }
    if (rule->IsAlerting()) state.alerts.emplace(rule, state.leaks.get());
    states_.push_back(std::move(state));
  }
}

RuleGroup::~RuleGroup() = default;

AlertSurroundings RuleGroup::Surroundings() const {
  return {options_.external_labels, options_.external_url, interval_, options_.resend_delay,
          spec_.limit};
}

std::string RuleGroup::IdOf(std::size_t i) const {
  return spec_.file + "\n" + spec_.name + "\n" + keys_[i];
}

std::optional<std::size_t> RuleGroup::PlaceOf(std::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - keys_.begin());
}

template <class AnyRecord>
void RuleGroup::Place(std::size_t rule, AnyRecord& record) const {
  record.file = spec_.file;
  record.group = spec_.name;
  record.rule_key = keys_[rule];
}

EvaluationSummary RuleGroup::Evaluate(const Moment& now, const RuleContext& context) {
  const MonoTime started = context.stopwatch.Mono();
  milliseconds elapsed{0};
  {
    const MutexLock lock(mutex_);
    if (last_) elapsed = ElapsedBetween(*last_, now, interval_);
  }
  EvaluationSummary summary;
  std::vector<RuleSample> samples;
  std::vector<AlertEvent> events;
  for (std::size_t i = 0; i < spec_.rules.size(); ++i) {
    samples.clear();
    events.clear();
    const MonoTime rule_started = context.stopwatch.Mono();
    EvaluateRule(i, now, elapsed, context, samples, events);
    summary.samples += samples.size();
    summary.events += events.size();
    if (!events.empty()) context.sink.Notify(events);
    if (!samples.empty()) context.sink.Write(IdOf(i), samples);
    const MutexLock lock(mutex_);
    State& state = states_[i];
    state.last_evaluation = now.wall;
    state.evaluation_time = context.stopwatch.Mono() - rule_started;
    ++summary.rules;
    if (state.health == RuleHealth::kError) ++summary.failures;
  }
  const MutexLock lock(mutex_);
  last_ = now;
  evaluation_time_ = context.stopwatch.Mono() - started;
  return summary;
}

std::int64_t RuleGroup::SampleMs(const Moment& now) const {
  return ToMillis(now.wall - spec_.query_offset.value_or(milliseconds(0)));
}

void RuleGroup::EvaluateRule(std::size_t i, const Moment& now, milliseconds elapsed,
                             const RuleContext& context, std::vector<RuleSample>& samples,
                             std::vector<AlertEvent>& events) {
  // Queries run unlocked: others may look at the group meanwhile.
  const Rule& rule = *spec_.rules[i];
  const std::int64_t t_ms = SampleMs(now);
  if (!rule.IsAlerting()) {
    auto result = QueryVector(*rule.expr, t_ms, context.storage, context.engine);
    const MutexLock lock(mutex_);
    Record(states_[i], std::move(result), t_ms, samples);
    return;
  }
  Result<AlertAnswer> answer =
      rule.leak ? FollowLeaks(i, now.wall, t_ms, context) : Ask(*rule.expr, t_ms, context);
  if (answer && rule.presence) {
    auto presence = QueryVector(*rule.presence, t_ms, context.storage, context.engine);
    if (presence) {
      answer->presence = *std::move(presence);
    } else {
      answer = std::move(presence).error();
    }
  }
  const tmpl::QueryFunction query = TemplateQuery(context.storage, context.engine);

  const MutexLock lock(mutex_);
  State& state = states_[i];
  const WarmUp warm_up = WarmUpOf(state.look_back, interval_, options_.settling, context.data_age);
  const AlertEvaluation evaluation{now.wall,        t_ms,  elapsed, warm_up.may_fire,
                                   warm_up.may_end, &query};
  const Status done = state.alerts->Evaluate(answer, evaluation, Surroundings(), events, samples);
  if (done) {
    state.Healthy();
  } else {
    state.Failed(done.error());
  }
  MarkStale(state, t_ms, samples);
}

Result<AlertAnswer> RuleGroup::FollowLeaks(std::size_t i, WallTime now, std::int64_t t_ms,
                                           const RuleContext& context) {
  const Rule& rule = *spec_.rules[i];
  TRY_ASSIGN(const LeakInputs inputs,
             ReadLeakInputs(*rule.expr, *rule.leak, t_ms, context.storage, context.engine));
  std::vector<LeakTracker::BesideWanted> wanted;
  Status updated = Unit{};
  {
    const MutexLock lock(mutex_);
    LeakTracker& leaks = *states_[i].leaks;
    updated = leaks.Update(inputs, now);
    wanted = leaks.TakeBesideWanted(now);
  }
  for (const LeakTracker::BesideWanted& one : wanted) {
    auto readings = ReadBeside(*rule.leak, one.series, ToMillis(one.since), t_ms, context.storage,
                               context.engine);
    const MutexLock lock(mutex_);
    states_[i].leaks->PutBeside(one.series, std::move(readings));
  }
  TRY(updated);
  const MutexLock lock(mutex_);
  return AlertAnswer{states_[i].leaks->TimesLeft(now), std::nullopt};
}

void RuleGroup::Record(State& state, Result<std::vector<promql::VectorSample>> result,
                       std::int64_t t_ms, std::vector<RuleSample>& samples) {
  if (!result) return state.Failed(result.error());
  LabelsSet series;
  for (const promql::VectorSample& sample : *result) {
    LabelsBuilder labels(sample.labels);
    labels.Set(kMetricName, state.rule->name);
    for (const RuleText& label : state.rule->labels) labels.Set(label.name, label.text);
    samples.push_back({labels.Build().WithoutEmpty(), t_ms, sample.value});
    if (!series.insert(samples.back().labels).second) {
      samples.clear();
      return state.Failed(
          Error{Errc::kInvalid,
                "vector contains metrics with the same labelset after applying rule labels"});
    }
  }
  if (spec_.limit > 0 && samples.size() > spec_.limit) {
    const std::size_t count = samples.size();
    samples.clear();
    return state.Failed(Error{Errc::kLimit, "exceeded limit of " + std::to_string(spec_.limit) +
                                                " with " + std::to_string(count) + " series"});
  }
  state.Healthy();
  MarkStale(state, t_ms, samples);
}

void RuleGroup::MarkStale(State& state, std::int64_t t_ms, std::vector<RuleSample>& samples) {
  LabelsSet series;
  series.reserve(samples.size());
  for (const RuleSample& sample : samples) series.insert(sample.labels);
  for (const Labels& before : state.series) {
    if (series.count(before) == 0) samples.push_back({before, t_ms, StaleNan()});
  }
  state.series = std::move(series);
}

void RuleGroup::TakeStateFrom(RuleGroup& old) {
  const MutexLock old_lock(old.mutex_);
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto found = old.PlaceOf(keys_[i]);
    if (!found) continue;
    State& state = states_[i];
    State& from = old.states_[*found];
    from.taken = true;
    state.inherited = true;
    state.series = std::move(from.series);
    from.series.clear();
    if (state.alerts) state.alerts->TakeFrom(*from.alerts);
    if (state.leaks && from.leaks) state.leaks->TakeFrom(*from.leaks);
    state.health = from.health;
    state.last_error = from.last_error;
    state.last_evaluation = from.last_evaluation;
    state.evaluation_time = from.evaluation_time;
  }
  last_ = old.last_;
  evaluation_time_ = old.evaluation_time_;
}

void RuleGroup::TakeMovedFrom(RuleGroup& old) {
  const MutexLock old_lock(old.mutex_);
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < old.states_.size(); ++i) {
    State& from = old.states_[i];
    if (from.taken || !from.alerts) continue;
    const auto found = PlaceOf(old.keys_[i]);
    if (!found || states_[*found].inherited) continue;
    State& state = states_[*found];
    state.inherited = true;
    state.alerts->TakeFrom(*from.alerts);
    if (state.leaks && from.leaks) state.leaks->TakeFrom(*from.leaks);
    if (!last_) last_ = old.last_;
  }
}

void RuleGroup::Retire(const Moment& now, std::string_view reason, RuleSink& sink) {
  std::vector<AlertEvent> events;
  std::vector<std::pair<std::string, std::vector<RuleSample>>> ended;  // by rule
  {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < states_.size(); ++i) {
      State& state = states_[i];
      if (state.taken) continue;
      if (state.alerts) state.alerts->End(now.wall, reason, Surroundings(), events);
      if (state.series.empty()) continue;
      auto& [rule, markers] = ended.emplace_back(IdOf(i), std::vector<RuleSample>{});
      for (const Labels& series : state.series) {
        markers.push_back({series, SampleMs(now), StaleNan()});
      }
      state.series.clear();
    }
  }
  if (!events.empty()) sink.Notify(events);
  for (const auto& [rule, markers] : ended) sink.Write(rule, markers);
}

RuleGroupView RuleGroup::View() const {
  const MutexLock lock(mutex_);
  RuleGroupView view;
  view.file = spec_.file;
  view.name = spec_.name;
  view.interval = interval_;
  view.limit = spec_.limit;
  if (last_) view.last_evaluation = last_->wall;
  view.evaluation_time = evaluation_time_;
  for (const State& state : states_) {
    const Rule& rule = *state.rule;
    RuleView& shown = view.rules.emplace_back();
    shown.alerting = rule.IsAlerting();
    shown.name = rule.name;
    shown.query = promql::ToString(*rule.expr);
    shown.labels = AsWritten(rule.labels);
    shown.annotations = AsWritten(rule.annotations);
    shown.health = state.health;
    shown.last_error = state.last_error;
    shown.last_evaluation = state.last_evaluation;
    shown.evaluation_time = state.evaluation_time;
    if (!state.alerts) continue;
    shown.hold_for = rule.ShownLevel().hold_for;
    shown.keep_firing_for = rule.ShownLevel().keep_firing_for;
    shown.state = state.alerts->State();
    shown.alerts = state.alerts->View(Surroundings());
    shown.warning = DescribeLevel(rule, kLowLevel);
    shown.critical = DescribeLevel(rule, kHighLevel);
  }
  return view;
}

void RuleGroup::Export(std::vector<AlertRecord>& records) const {
  const MutexLock lock(mutex_);
  for (std::size_t rule = 0; rule < states_.size(); ++rule) {
    const std::size_t before = records.size();
    if (states_[rule].alerts) states_[rule].alerts->Export(records);
    for (std::size_t i = before; i < records.size(); ++i) Place(rule, records[i]);
  }
}

bool RuleGroup::Restore(const AlertRecord& record) {
  const MutexLock lock(mutex_);
  const auto found = PlaceOf(record.rule_key);
  if (!found || !states_[*found].alerts) return false;
  states_[*found].alerts->Restore(record);
  return true;
}

void RuleGroup::AddLeaks(WallTime now, std::vector<LeakFinding>& findings) const {
  const MutexLock lock(mutex_);
  for (const State& state : states_) {
    if (!state.leaks) continue;
    for (LeakFinding& finding : state.leaks->FindAll(now)) findings.push_back(std::move(finding));
  }
}

std::uint64_t RuleGroup::LeakChanges() const {
  const MutexLock lock(mutex_);
  std::uint64_t changes = 0;
  for (const State& state : states_) changes += state.leaks ? state.leaks->changes() : 0;
  return changes;
}

void RuleGroup::ExportLeaks(std::vector<LeakRecord>& records) const {
  const MutexLock lock(mutex_);
  for (std::size_t rule = 0; rule < states_.size(); ++rule) {
    const std::size_t before = records.size();
    if (states_[rule].leaks) states_[rule].leaks->Export(records);
    for (std::size_t i = before; i < records.size(); ++i) Place(rule, records[i]);
  }
}

bool RuleGroup::RestoreLeak(const LeakRecord& record, WallTime now) {
  const MutexLock lock(mutex_);
  const auto found = PlaceOf(record.rule_key);
  return found && states_[*found].leaks && states_[*found].leaks->Restore(record, now);
}

}  // namespace tocsin
