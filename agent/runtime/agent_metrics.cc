#include "agent/runtime/agent_metrics.h"

#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tocsin {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

void Counter(Families& families, std::string name, std::string help, double value) {
  auto family = CounterFamily(std::move(name), std::move(help));
  AddValue(family, {}, value);
  families.push_back(std::move(family));
}

void Counter(Families& families, std::string name, std::string help, std::uint64_t value) {
  Counter(families, std::move(name), std::move(help), static_cast<double>(value));
}

void Gauge(Families& families, std::string name, std::string help, double value) {
  auto family = GaugeFamily(std::move(name), std::move(help));
  AddValue(family, {}, value);
  families.push_back(std::move(family));
}

/// Since the last success; since the start for one that never had any.
double AgeSeconds(const CollectorStatus& status, MonoTime now, MonoTime started) {
  return ToSeconds(now - status.last_success.value_or(started));
}

void AddCollectors(const CollectorSet& set, MonoTime now, MonoTime started, Families& families) {
  auto success = GaugeFamily("tocsin_collector_success",
                             "Whether the last round succeeded. Absent where the host lacks the "
                             "source.");
  auto duration =
      GaugeFamily("tocsin_collector_duration_seconds", "How long the last round that ended took.");
  auto age =
      GaugeFamily("tocsin_collector_age_seconds", "Time since the last round that succeeded.");
  auto rounds = CounterFamily("tocsin_collector_rounds_total",
                              "Rounds that ended, or were given up past their deadline.");
  auto failures = CounterFamily("tocsin_collector_failures_total", "Rounds thereof that failed.");
  auto node_success =
      GaugeFamily("node_scrape_collector_success", "node_exporter: Whether a collector succeeded.");
  auto node_duration = GaugeFamily("node_scrape_collector_duration_seconds",
                                   "node_exporter: Duration of a collector scrape.");
  for (const RunningCollector& running : set.Running()) {
    const CollectorStatus status = running.runner->Status();
    const std::vector<TelemetryLabel> labels{{"collector", running.name}};
    const bool up = status.health == CollectorHealth::kUp;
    if (status.rounds > 0 && status.health != CollectorHealth::kUnsupported) {
      AddValue(success, labels, up ? 1 : 0);
      AddValue(age, labels, AgeSeconds(status, now, started));
    }
    AddValue(duration, labels, ToSeconds(status.last_duration));
    AddValue(rounds, labels, static_cast<double>(status.rounds));
    AddValue(failures, labels, static_cast<double>(status.failures));
    if (running.room == "system") {
      AddValue(node_success, labels, up ? 1 : 0);
      AddValue(node_duration, labels, ToSeconds(status.last_duration));
    }
  }
  for (auto* family :
       {&success, &duration, &age, &rounds, &failures, &node_success, &node_duration}) {
    families.push_back(std::move(*family));
  }
  Gauge(families, "tocsin_workers", "Threads that run collectors, those that hang included.",
        static_cast<double>(set.workers()));
}

void AddPage(const exposition::Page& page, Families& families) {
  const exposition::PageStats stats = page.stats();
  Counter(families, "tocsin_page_cache_hits_total",
          "Scrapes answered with bytes that were rendered before.", stats.hits);
  Counter(families, "tocsin_page_cache_misses_total", "Scrapes for which the page was rendered.",
          stats.misses);
  Gauge(families, "tocsin_page_dropped_series",
        "Series left out of the page because another collector has them too.",
        stats.dropped.series);
  Gauge(families, "tocsin_page_dropped_families",
        "Families left out of the page because another collector has them with another type.",
        stats.dropped.families);
}

void AddStore(const store::Store& store, Families& families) {
  const store::StoreStats stats = store.Stats();
  Gauge(families, "tocsin_store_series", "Series with samples in the store.",
        static_cast<double>(stats.series));
  Gauge(families, "tocsin_store_bytes", "Memory that the store holds.",
        static_cast<double>(stats.bytes));
  Gauge(families, "tocsin_store_oldest_timestamp_seconds", "Time of the oldest sample.",
        static_cast<double>(stats.min_ms) / 1000);
  Counter(families, "tocsin_store_samples_appended_total", "Samples that were stored.",
          stats.appended);
  auto dropped = CounterFamily("tocsin_store_dropped_total", "Samples not stored, by reason.");
  for (std::size_t i = 0; i < store::kDropReasons; ++i) {
    AddValue(dropped,
             {{"reason", std::string(store::DropReasonText(static_cast<store::DropReason>(i)))}},
             static_cast<double>(stats.dropped[i]));
  }
  families.push_back(std::move(dropped));
  Counter(families, "tocsin_store_blocks_expired_total", "Blocks that went by retention.",
          stats.blocks_expired);
  Counter(families, "tocsin_store_blocks_evicted_total",
          "Blocks that went before their time because the store was full.", stats.blocks_evicted);
  Gauge(families, "tocsin_store_disk_ok",
        "Whether the last write succeeded (1 also where nothing is kept on disk).",
        stats.disk_ok ? 1 : 0);
  Counter(families, "tocsin_store_corruptions_total", "Records on disk that could not be read.",
          stats.corruptions);
}

void AddRules(const RuleRunner& rules, Families& families) {
  const RuleCounts counts = rules.counts();
  Counter(families, "tocsin_rule_evaluations_total", "Rules that were evaluated.",
          counts.evaluations);
  Counter(families, "tocsin_rule_evaluation_failures_total", "Rules whose evaluation failed.",
          counts.failures);
  Counter(families, "tocsin_rule_evaluation_seconds_total", "Time spent on evaluating rules.",
          ToSeconds(counts.time));
  Counter(families, "tocsin_rule_group_iterations_missed_total",
          "Evaluations of a group left out: the one before took too long, or the host slept.",
          counts.missed);
  // Summed up first: two rules of a group may have one name.
  using What = std::tuple<std::string, std::string, std::string, AlertState>;
  std::map<What, int> counted;
  for (const RuleGroupView& group : rules.View()) {
    for (const RuleView& rule : group.rules) {
      for (const AlertView& alert : rule.alerts) {
        ++counted[{rule.name, group.name, std::string(alert.labels.Get("severity")), alert.state}];
      }
    }
  }
  auto alerts = GaugeFamily("tocsin_alerts", "Alerts by name, state and severity.");
  for (const auto& [what, number] : counted) {
    AddValue(alerts,
             {{"alertname", std::get<0>(what)},
              {"group", std::get<1>(what)},
              {"severity", std::get<2>(what)},
              {"state", std::string(AlertStateText(std::get<3>(what)))}},
             number);
  }
  families.push_back(std::move(alerts));
}

/// State of every followed series that is there; the rest of those that leak.
void AddLeaks(const RuleRunner& rules, Families& families) {
  auto state = GaugeFamily("tocsin_leak_state",
                           "What leak rules say of a series: 0 healthy, 1 suspected, 2 confirmed.");
  auto slope = GaugeFamily("tocsin_leak_slope_bytes_per_second",
                           "Growth of the floor of a leaking series, in its unit.");
  auto left = GaugeFamily("tocsin_leak_exhaustion_seconds",
                          "Time until a leaking series reaches its limit: low and high bound the "
                          "interval of about 80 % around mid.");
  auto since =
      GaugeFamily("tocsin_leak_since_timestamp_seconds", "Since when a leaking series grows.");
  for (const LeakFinding& leak : rules.Leaks()) {
    // Processes that are gone are remembered for hours: no reason for series of them.
    if (!leak.present && leak.state != trend::LeakState::kConfirmed) continue;
    std::vector<TelemetryLabel> labels{{"rule", leak.rule}};
    for (const LabelView label : leak.labels) {
      // Of the store, which puts them on again.
      if (label.name == "instance" || label.name == "job" || label.name == "rule") continue;
      if (label.name == "bound") continue;
      const std::string_view name = label.name == kMetricName ? "series" : label.name;
      labels.push_back({std::string(name), std::string(label.value)});
    }
    AddValue(state, labels, static_cast<double>(leak.state));
    if (leak.state != trend::LeakState::kConfirmed) continue;
    AddValue(slope, labels, leak.slope);
    AddValue(since, labels, ToSeconds(leak.since));
    const auto add_left = [&](std::string bound, milliseconds time) {
      std::vector<TelemetryLabel> bounded = labels;
      bounded.push_back({"bound", std::move(bound)});
      AddValue(left, std::move(bounded), ToSeconds(time));
    };
    add_left("low", leak.exhausted_in_low);
    add_left("mid", leak.exhausted_in);
    add_left("high", leak.exhausted_in_high);
  }
  for (auto* family : {&state, &slope, &left, &since}) families.push_back(std::move(*family));
}

void AddNotifications(const notify::Notifications& notifications, Families& families) {
  auto sent = CounterFamily("tocsin_notifications_delivered_total", "Alerts that were delivered.");
  auto failed = CounterFamily("tocsin_notification_failures_total",
                              "Attempts to deliver that failed, by reason.");
  auto lost = CounterFamily("tocsin_notifications_abandoned_total",
                            "Alerts that were given up, by reason.");
  auto queued = GaugeFamily("tocsin_notifications_queued", "Alerts waiting or in flight.");
  auto oldest = GaugeFamily("tocsin_notifications_oldest_seconds",
                            "How long the oldest of them has been waiting.");
  for (const notify::DestinationStats& stats : notifications.Stats()) {
    const TelemetryLabel destination{"destination", stats.destination};
    AddValue(sent, {destination}, static_cast<double>(stats.delivered));
    AddValue(queued, {destination}, static_cast<double>(stats.queued));
    AddValue(oldest, {destination}, ToSeconds(stats.oldest_age));
    for (const auto& [reason, count] : stats.failures) {
      AddValue(failed, {destination, {"reason", reason}}, static_cast<double>(count));
    }
    for (const auto& [reason, count] : stats.abandoned) {
      AddValue(lost, {destination, {"reason", reason}}, static_cast<double>(count));
    }
  }
  for (auto* family : {&sent, &failed, &lost, &queued, &oldest}) {
    families.push_back(std::move(*family));
  }
}

void AddSilences(const notify::Notifications& notifications, WallTime now, Families& families) {
  std::map<notify::SilenceState, int> counted{{notify::SilenceState::kActive, 0},
                                              {notify::SilenceState::kPending, 0}};
  for (const notify::Silence& silence : notifications.AllSilences()) {
    ++counted[silence.StateAt(now)];
  }
  auto silences = GaugeFamily("tocsin_silences", "Silences by state; expired ones for five days.");
  for (const auto& [state, number] : counted) {
    AddValue(silences, {{"state", std::string(notify::SilenceStateText(state))}}, number);
  }
  families.push_back(std::move(silences));
}

void AddState(const notify::Notifications& notifications, Families& families) {
  const auto state = notifications.State();
  if (!state) return;
  Gauge(families, "tocsin_state_healthy",
        "1 if the state of alerts and notifications is on disk, 0 if in memory only.",
        state->healthy ? 1 : 0);
  Counter(families, "tocsin_state_failures_total", "Writes of the state that failed.",
          state->failures);
  Counter(families, "tocsin_state_set_aside_total", "Damaged state databases that were set aside.",
          state->set_aside);
}

void AddRangeCache(const api::ResultCache& cache, Families& families) {
  const api::ResultCache::Counts counts = cache.counts();
  Counter(families, "tocsin_query_cache_hits_total", "Range queries answered from the cache.",
          counts.hits);
  Counter(families, "tocsin_query_cache_misses_total", "Range queries that were evaluated.",
          counts.misses);
  Gauge(families, "tocsin_query_cache_bytes", "Memory that cached answers take.",
        static_cast<double>(counts.bytes));
}

}  // namespace

void AddAgentMetrics(const MeasuredParts& parts, Telemetry& telemetry) {
  const MonoTime started = parts.clock.Mono();
  telemetry.AddReader([parts, started](Families& families) {
    AddCollectors(parts.collectors, parts.clock.Mono(), started, families);
    AddPage(parts.page, families);
    AddStore(parts.store, families);
    AddRules(parts.rules, families);
    AddLeaks(parts.rules, families);
    AddNotifications(parts.notifications, families);
    AddSilences(parts.notifications, parts.clock.Wall(), families);
    AddState(parts.notifications, families);
    AddRangeCache(parts.range_cache, families);
  });
}

}  // namespace tocsin
