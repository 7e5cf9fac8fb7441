#include "agent/performance/report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "base/time_text.h"
#include "rules/leak_finding.h"

namespace tocsin::performance {
namespace {

constexpr std::int64_t kTrendMs = 60 * 60 * 1000;
constexpr std::int64_t kTrendStepMs = 60 * 1000;
/// Columns of a sparkline.
constexpr std::size_t kColumns = 20;
/// Advice about one resource that a person is given; programs have all of it.
constexpr int kMostAdvice = 2;
constexpr std::size_t kTitleColumns = 40;
constexpr std::size_t kValueColumns = 12;

Level LevelOf(const AlertView& alert) {
  if (alert.state != AlertState::kFiring) return Level::kOk;
  return alert.severity == Severity::kCritical ? Level::kCritical : Level::kWarning;
}

std::vector<std::string> Lines(std::string_view text, std::string_view subject) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    for (const std::string_view stands_for : {"DEVICE", "MOUNTPOINT"}) {
      const std::size_t at = line.find(stands_for);
      if (at != std::string::npos && !subject.empty()) {
        line.replace(at, stands_for.size(), subject);
      }
    }
    lines.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string Pad(std::string text, std::size_t columns) {
  if (text.size() < columns) text.append(columns - text.size(), ' ');
  return text;
}

/// `values` at their places, as so many columns: the highest of each.
std::string Columns(const std::vector<Sample>& samples) {
  std::vector<double> values;
  const std::size_t columns = std::min(kColumns, samples.size());
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t begin = i * samples.size() / columns;
    const std::size_t end = (i + 1) * samples.size() / columns;
    double highest = samples[begin].value;
    for (std::size_t k = begin; k < end; ++k) highest = std::max(highest, samples[k].value);
    values.push_back(highest);
  }
  return Sparkline(values);
}

std::string Threshold(const Reading& reading) {
  const bool critical = reading.level() == Level::kCritical;
  return std::string(critical ? "critical" : "warning") + " from " +
         ShowValue(critical ? reading.vital->critical : reading.vital->warning,
                   reading.vital->measure);
}

/// Text broken at blanks into lines that begin with `indent`.
void AppendWrapped(std::string_view text, std::string_view indent, std::string& out) {
  constexpr std::size_t kWidth = 96;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column != 0 && column + 1 + end > kWidth) {
      out += '\n';
      column = 0;
    }
    out += column == 0 ? std::string(indent) : " ";
    column += (column == 0 ? indent.size() : 1) + end;
    out.append(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void AppendReading(const Reading& reading, const Report& report, std::string& out) {
  std::string title(reading.vital->title);
  if (!reading.subject.empty()) title += " (" + reading.subject + ")";
  out += "    " + Pad(std::move(title), kTitleColumns) + " " +
         Pad(ShowValue(reading.value, reading.vital->measure), kValueColumns);
  if (reading.level() != Level::kOk) {
    out += Pad(Threshold(reading), 24);
    if (const Trend* trend = FindTrend(report, reading)) {
      out += Columns(trend->samples) + " " + std::string(DirectionText(trend->direction));
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
}

void AppendFinding(const Finding& finding, const Report& report, std::string& out) {
  out += "  " + NameOf(finding) + ": " + std::string(LevelText(finding.level));
  if (finding.cause) {
    out += ", probably because of " + std::string(ResourceText(*finding.cause));
  }
  out += '\n';
  constexpr std::size_t kShown = 5;
  for (std::size_t i = 0; i < std::min(kShown, finding.readings.size()); ++i) {
    AppendReading(finding.readings[i], report, out);
  }
  if (!finding.culprits.empty()) {
    out += "    most used by";
    for (const Culprit& culprit : finding.culprits) {
      out += (&culprit == &finding.culprits.front() ? " " : ", ") + culprit.name + " " +
             ShowValue(culprit.value, finding.culprit_measure);
      if (finding.resource == Resource::kDisk) out += "/s";
    }
    out += '\n';
  }
}

std::string Names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void AppendBottlenecks(const Report& report, std::string& out) {
  std::vector<std::string> quiet;
  for (const Finding& finding : report.diagnosis.findings) {
    if (finding.level == Level::kOk) {
      quiet.emplace_back(ResourceText(finding.resource));
    }
  }
  if (quiet.size() == report.diagnosis.findings.size()) {
    out += report.diagnosis.findings.empty() ? "There is no data to judge.\n" : "No bottleneck.\n";
  } else {
    out += "Bottlenecks, the first one first\n";
  }
  for (const Finding& finding : report.diagnosis.findings) {
    if (finding.level != Level::kOk) AppendFinding(finding, report, out);
  }
  if (!quiet.empty()) out += "  quiet: " + Names(quiet) + "\n";
}

void AppendAlerts(const std::vector<ActiveAlert>& alerts, std::string& out) {
  if (alerts.empty()) return;
  out += "\nAlerts\n";
  for (const ActiveAlert& active : alerts) {
    const bool firing = active.alert->state == AlertState::kFiring;
    std::string_view summary = active.alert->annotations.Get("summary");
    if (summary.empty()) summary = active.rule->name;
    std::string state = firing ? std::string(LevelText(LevelOf(*active.alert))) : "pending";
    AppendWrapped(Pad(std::move(state), 9) + std::string(summary), "  ", out);
  }
}

}  // namespace

Result<Report> MakeReport(const promql::Queryable& storage, std::int64_t at_ms,
                          const promql::EngineOptions& options) {
  Report report;
  TRY_ASSIGN(report.diagnosis, Diagnose(storage, at_ms, options));
  std::vector<const VitalSpec*> asked;
  for (const Finding& finding : report.diagnosis.findings) {
    for (const Reading& reading : finding.readings) {
      const bool seen = std::find(asked.begin(), asked.end(), reading.vital) != asked.end();
      if (reading.level() == Level::kOk || seen) continue;
      asked.push_back(reading.vital);
      TRY_ASSIGN(auto trends,
                 TrendsOf(*reading.vital, storage, at_ms - kTrendMs, at_ms, kTrendStepMs, options));
      for (SubjectTrend& found : trends) {
        report.trends.push_back({reading.vital, std::move(found.subject), std::move(found.trend)});
      }
    }
  }
  return report;
}

const Trend* FindTrend(const Report& report, const Reading& reading) {
  const auto found =
      std::find_if(report.trends.begin(), report.trends.end(), [&](const ReadingTrend& trend) {
        return trend.vital == reading.vital && trend.subject == reading.subject;
      });
  return found == report.trends.end() ? nullptr : &found->trend;
}

std::vector<ActiveAlert> ActiveAlerts(const std::vector<RuleGroupView>& groups) {
  std::vector<ActiveAlert> active;
  for (const RuleGroupView& group : groups) {
    for (const RuleView& rule : group.rules) {
      for (const AlertView& alert : rule.alerts) active.push_back({&rule, &alert});
    }
  }
  std::stable_sort(active.begin(), active.end(), [](const ActiveAlert& a, const ActiveAlert& b) {
    return LevelOf(*a.alert) > LevelOf(*b.alert);
  });
  return active;
}

Level HealthOf(const Diagnosis& diagnosis, const std::vector<ActiveAlert>& alerts) {
  Level level = diagnosis.level();
  for (const ActiveAlert& active : alerts) level = std::max(level, LevelOf(*active.alert));
  return level;
}

std::vector<Recommendation> Recommend(const Diagnosis& diagnosis,
                                      const std::vector<ActiveAlert>& alerts) {
  std::vector<Recommendation> all;
  std::vector<std::string_view> told;
  for (const Finding& finding : diagnosis.findings) {
    for (const Reading& reading : finding.readings) {
      if (reading.level() == Level::kOk) break;
      const VitalSpec& vital = *reading.vital;
      // Several disks with the same trouble need one piece of advice.
      if (std::find(told.begin(), told.end(), vital.name) != told.end()) continue;
      told.push_back(vital.name);
      if (!vital.alert.empty()) told.push_back(vital.alert);
      std::string advice(vital.advice);
      if (finding.cause) {
        advice = "Look at " + std::string(ResourceText(*finding.cause)) + " first: " + advice;
      }
      const std::string about = std::string(ResourceText(finding.resource)) +
                                (reading.subject.empty() ? "" : " " + reading.subject);
      all.push_back({reading.level(), about, Describe(reading), std::move(advice),
                     Lines(vital.commands, reading.subject), Runbook(finding.resource)});
    }
  }
  for (const ActiveAlert& active : alerts) {
    if (active.alert->state != AlertState::kFiring) continue;
    if (std::find(told.begin(), told.end(), active.rule->name) != told.end()) continue;
    const Labels& says = active.alert->annotations;
    all.push_back({LevelOf(*active.alert),
                   active.rule->name,
                   std::string(says.Get("summary")),
                   std::string(says.Get("description")),
                   {},
                   std::string(says.Get("runbook_url"))});
  }
  return all;
}

std::string NameOf(const Finding& finding) {
  std::string name(ResourceText(finding.resource));
  if (!finding.subject.empty()) name += " " + finding.subject;
  return name;
}

std::string Describe(const Reading& reading) {
  std::string text(reading.vital->title);
  text += " " + ShowValue(reading.value, reading.vital->measure);
  if (reading.level() != Level::kOk) text += " (" + Threshold(reading) + ")";
  return text;
}

std::string ShowReport(const Report& report, const std::vector<ActiveAlert>& alerts,
                       std::string_view host) {
  const Diagnosis& diagnosis = report.diagnosis;
  std::string out(host);
  out += (host.empty() ? "" : ", ") +
         FormatUtc(FromMillis(diagnosis.at_ms), "%Y-%m-%d %H:%M:%S UTC") + ": " +
         std::string(LevelText(HealthOf(diagnosis, alerts))) + "\n\n";
  AppendBottlenecks(report, out);
  AppendAlerts(alerts, out);
  const std::vector<Recommendation> advice = Recommend(diagnosis, alerts);
  if (!advice.empty()) out += "\nWhat to look at\n";
  std::map<std::string_view, int> given;
  for (const Recommendation& one : advice) {
    if (++given[one.runbook] > kMostAdvice && !one.commands.empty()) continue;
    AppendWrapped(one.about + ": " + one.finding, "  ", out);
    AppendWrapped(one.advice, "    ", out);
    for (const std::string& command : one.commands) out += "      $ " + command + "\n";
    if (!one.runbook.empty()) out += "    " + one.runbook + "\n";
  }
  return out;
}

}  // namespace tocsin::performance
