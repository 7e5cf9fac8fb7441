#include "agent/api/performance.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "agent/http/form.h"
#include "agent/performance/report.h"
#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"
#include "metrics/names.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

namespace perf = tocsin::performance;

constexpr std::int64_t kHourMs = 60 * 60 * 1000;
constexpr std::int64_t kMinuteMs = 60 * 1000;
constexpr std::string_view kMetricPrefix = "/api/performance/metrics/";
/// Series of one metric that are answered.
constexpr std::size_t kMaxSeries = 500;
/// What the overview shows, of each subject.
constexpr std::string_view kOverview[] = {"cpu_utilisation",  "memory_utilisation",
                                          "disk_utilisation", "filesystem_space",
                                          "network_receive",  "network_transmit"};

void WriteSpec(const perf::VitalSpec& vital, JsonWriter& json) {
  json.Key("name").String(vital.name).Key("title").String(vital.title);
  json.Key("resource").String(perf::ResourceText(vital.resource));
  json.Key("aspect").String(perf::AspectText(vital.aspect));
  json.Key("unit").String(perf::MeasureText(vital.measure));
  json.Key("warning").Double(vital.warning).Key("critical").Double(vital.critical);
}

void WriteTrend(const perf::Trend& trend, JsonWriter& json) {
  json.Key("trend").BeginObject().Key("direction").String(perf::DirectionText(trend.direction));
  json.Key("lowest").Double(trend.lowest).Key("average").Double(trend.average);
  json.Key("highest").Double(trend.highest).EndObject();
}

void WriteReading(const perf::Reading& reading, const perf::Report* report, JsonWriter& json) {
  json.BeginObject();
  WriteSpec(*reading.vital, json);
  json.Key("subject").String(reading.subject).Key("value").Double(reading.value);
  json.Key("level").String(perf::LevelText(reading.level()));
  json.Key("score").Double(reading.score);
  json.Key("says").String(perf::Describe(reading));
  if (const perf::Trend* trend = report ? perf::FindTrend(*report, reading) : nullptr) {
    WriteTrend(*trend, json);
  }
  json.EndObject();
}

void WriteFinding(const perf::Finding& finding, const perf::Report& report, JsonWriter& json) {
  json.BeginObject().Key("resource").String(perf::ResourceText(finding.resource));
  json.Key("subject").String(finding.subject);
  json.Key("level").String(perf::LevelText(finding.level)).Key("score").Double(finding.score);
  json.Key("cause");
  finding.cause ? json.String(perf::ResourceText(*finding.cause)) : json.Null();
  json.Key("evidence").BeginArray();
  for (const perf::Reading& reading : finding.readings) WriteReading(reading, &report, json);
  json.EndArray().Key("most_used_by").BeginArray();
  for (const perf::Culprit& culprit : finding.culprits) {
    json.BeginObject().Key("name").String(culprit.name).Key("value").Double(culprit.value);
    json.Key("unit").String(perf::MeasureText(finding.culprit_measure)).EndObject();
  }
  json.EndArray().Key("runbook").String(perf::Runbook(finding.resource)).EndObject();
}

void WriteMissing(const perf::Diagnosis& diagnosis, JsonWriter& json) {
  json.Key("not_measured").BeginArray();
  for (const perf::VitalSpec* vital : diagnosis.missing) json.String(vital->name);
  json.EndArray();
}

void WriteAlert(const perf::ActiveAlert& active, JsonWriter& json) {
  const AlertView& alert = *active.alert;
  json.BeginObject().Key("name").String(active.rule->name);
  json.Key("state").String(AlertStateText(alert.state));
  json.Key("severity").String(alert.labels.Get("severity"));
  json.Key("value").Double(alert.value).Key("active_since").String(Rfc3339(alert.active_at));
  for (const auto& [key, from] :
       {std::pair{"labels", &alert.labels}, std::pair{"annotations", &alert.annotations}}) {
    json.Key(key);
    WriteLabels(*from, json);
  }
  json.EndObject();
}

std::int64_t At(const PerformanceView& view) { return ToMillis(view.now); }

/// Answers with what `write` adds to the members that all have.
template <class Write>
http::Response Answer(const PerformanceView& view, const Write& write) {
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("host").String(view.host).Key("time").String(Rfc3339(view.now));
  if (const Status written = write(json); !written) return Failure(written.error());
  json.EndObject();
  return Success(data);
}

Status WriteKeyValues(const PerformanceView& view, JsonWriter& json) {
  json.Key("values").BeginArray();
  for (const std::string_view name : kOverview) {
    const perf::VitalSpec& vital = *perf::FindVital(name);
    TRY_ASSIGN(const auto trends, perf::TrendsOf(vital, view.storage, At(view) - kHourMs, At(view),
                                                 kMinuteMs, view.engine));
    for (const perf::SubjectTrend& found : trends) {
      json.BeginObject().Key("name").String(vital.name).Key("title").String(vital.title);
      json.Key("unit").String(perf::MeasureText(vital.measure));
      json.Key("subject").String(found.subject);
      json.Key("value").Double(found.trend.samples.back().value);
      WriteTrend(found.trend, json);
      json.EndObject();
    }
  }
  json.EndArray();
  return Unit{};
}

struct Window {
  std::int64_t start;
  std::int64_t end;
  std::int64_t step;
};

Result<Window> WindowOf(const http::Form& form, std::int64_t now) {
  TRY_ASSIGN(const std::int64_t end, TimeParam(form, "end", now));
  TRY_ASSIGN(const std::int64_t start, TimeParam(form, "start", end - kHourMs));
  std::int64_t step = kMinuteMs;
  if (!form.Get("step").empty()) {
    TRY_ASSIGN(step, ParseDurationParam(form.Get("step")));
  }
  return Window{start, end, step};
}

void WriteSeries(const promql::MatrixSeries& series, const perf::VitalSpec* vital,
                 JsonWriter& json) {
  const auto trend = perf::TrendOf(series.samples, vital ? vital->warning : 0);
  if (!trend) return;
  json.BeginObject();
  if (vital) json.Key("subject").String(series.labels.Get(vital->subject));
  json.Key("labels");
  WriteLabels(series.labels, json);
  json.Key("value").Double(trend->samples.back().value);
  WriteTrend(*trend, json);
  json.Key("samples").BeginArray();
  for (const Sample& sample : trend->samples) {
    json.BeginArray().Double(static_cast<double>(sample.t_ms) / 1000).Double(sample.value);
    json.EndArray();
  }
  json.EndArray().EndObject();
}

}  // namespace

http::Response PerformanceOverview(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    TRY_ASSIGN(const perf::Diagnosis diagnosis,
               perf::Diagnose(view.storage, At(view), view.engine));
    const auto alerts = perf::ActiveAlerts(view.groups);
    json.Key("health").String(perf::LevelText(perf::HealthOf(diagnosis, alerts)));
    json.Key("resources").BeginArray();
    for (const perf::Finding& finding : diagnosis.findings) {
      json.BeginObject().Key("resource").String(perf::ResourceText(finding.resource));
      json.Key("level").String(perf::LevelText(finding.level));
      json.Key("says").String(perf::Describe(finding.readings.front())).EndObject();
    }
    json.EndArray();
    const auto firing = std::count_if(alerts.begin(), alerts.end(), [](const auto& active) {
      return active.alert->state == AlertState::kFiring;
    });
    json.Key("alerts").BeginObject().Key("firing").Int(firing);
    json.Key("pending").Int(static_cast<std::int64_t>(alerts.size()) - firing).EndObject();
    return WriteKeyValues(view, json);
  });
}

http::Response PerformanceMetrics(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    TRY_ASSIGN(const perf::Diagnosis diagnosis,
               perf::Diagnose(view.storage, At(view), view.engine));
    json.Key("metrics").BeginArray();
    for (const perf::VitalSpec& vital : perf::Vitals()) {
      json.BeginObject();
      WriteSpec(vital, json);
      json.Key("expr").String(vital.expr).Key("values").BeginArray();
      for (const perf::Finding& finding : diagnosis.findings) {
        for (const perf::Reading& reading : finding.readings) {
          if (reading.vital != &vital) continue;
          json.BeginObject().Key("subject").String(reading.subject);
          json.Key("value").Double(reading.value);
          json.Key("level").String(perf::LevelText(reading.level())).EndObject();
        }
      }
      json.EndArray().EndObject();
    }
    json.EndArray();
    return Unit{};
  });
}

http::Response PerformanceMetric(const PerformanceView& view, const http::Request& request) {
  const std::string_view name = request.path.substr(kMetricPrefix.size());
  const perf::VitalSpec* vital = perf::FindVital(name);
  if (!vital && !IsMetricName(name)) {
    return Failure(ErrorType::kNotFound, "this is no name of a metric");
  }
  const auto window = WindowOf(http::Form::Parse(request), At(view));
  if (!window) return Failure(window.error());
  const std::string expr(vital ? vital->expr : name);
  const auto parsed = promql::ParseExpr(expr);
  if (!parsed) return Failure(ErrorType::kNotFound, "this is no name of a metric");
  if (const Status checked =
          promql::CheckRange(**parsed, window->start, window->end, window->step, view.engine);
      !checked) {
    return Failure(checked.error());
  }
  auto result = promql::EvalRange(**parsed, window->start, window->end, window->step, view.storage,
                                  view.engine);
  if (!result) return Failure(result.error());
  if (result->matrix.empty() && !vital) {
    return Failure(ErrorType::kNotFound,
                   "there is no metric " + std::string(name) + " in that time");
  }
  return Answer(view, [&](JsonWriter& json) -> Status {
    if (vital) {
      WriteSpec(*vital, json);
    } else {
      json.Key("name").String(name);
    }
    json.Key("expr").String(expr).Key("series").BeginArray();
    for (std::size_t i = 0; i < std::min(kMaxSeries, result->matrix.size()); ++i) {
      WriteSeries(result->matrix[i], vital, json);
    }
    json.EndArray()
        .Key("left_out")
        .Int(static_cast<std::int64_t>(result->matrix.size() -
                                       std::min(kMaxSeries, result->matrix.size())));
    return Unit{};
  });
}

http::Response PerformanceAlerts(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    json.Key("alerts").BeginArray();
    for (const perf::ActiveAlert& active : perf::ActiveAlerts(view.groups)) {
      WriteAlert(active, json);
    }
    json.EndArray();
    return Unit{};
  });
}

http::Response PerformanceBottlenecks(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    TRY_ASSIGN(const perf::Report report, perf::MakeReport(view.storage, At(view), view.engine));
    json.Key("bottlenecks").BeginArray();
    for (const perf::Finding& finding : report.diagnosis.findings) {
      WriteFinding(finding, report, json);
    }
    json.EndArray();
    WriteMissing(report.diagnosis, json);
    return Unit{};
  });
}

http::Response PerformanceRecommendations(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    TRY_ASSIGN(const perf::Diagnosis diagnosis,
               perf::Diagnose(view.storage, At(view), view.engine));
    json.Key("recommendations").BeginArray();
    for (const perf::Recommendation& one :
         perf::Recommend(diagnosis, perf::ActiveAlerts(view.groups))) {
      json.BeginObject().Key("level").String(perf::LevelText(one.level));
      json.Key("about").String(one.about).Key("finding").String(one.finding);
      json.Key("advice").String(one.advice).Key("commands").BeginArray();
      for (const std::string& command : one.commands) json.String(command);
      json.EndArray().Key("runbook").String(one.runbook).EndObject();
    }
    json.EndArray();
    return Unit{};
  });
}

http::Response PerformanceHealth(const PerformanceView& view) {
  return Answer(view, [&](JsonWriter& json) -> Status {
    TRY_ASSIGN(const perf::Diagnosis diagnosis,
               perf::Diagnose(view.storage, At(view), view.engine));
    const auto alerts = perf::ActiveAlerts(view.groups);
    json.Key("health").String(perf::LevelText(perf::HealthOf(diagnosis, alerts)));
    json.Key("because").BeginArray();
    for (const perf::Recommendation& one : perf::Recommend(diagnosis, alerts)) {
      json.String(one.about + ": " + one.finding);
    }
    json.EndArray();
    WriteMissing(diagnosis, json);
    return Unit{};
  });
}

http::Response PerformanceDoctor(const PerformanceView& view) {
  const auto report = perf::MakeReport(view.storage, At(view), view.engine);
  if (!report) return Failure(report.error());
  http::Response response;
  response.body = perf::ShowReport(*report, perf::ActiveAlerts(view.groups), view.host);
  return response;
}

}  // namespace tocsin::api
