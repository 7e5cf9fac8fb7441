#include "agent/api/history_export.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "agent/api/result_json.h"
#include "agent/http/form.h"
#include "agent/performance/vitals.h"
#include "base/format.h"
#include "base/json.h"
#include "metrics/exposition/escape.h"
#include "metrics/labels_json.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr std::int64_t kHourMs = 60 * 60 * 1000;

struct Wanted {
  std::vector<std::vector<Matcher>> selectors;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t step = 0;  // 0: every sample
  bool json = false;
};

/// The metrics that vitals, and those who use most of a resource, are made of.
std::set<std::string> MetricsOfVitals() {
  std::set<std::string> names;
  const auto add = [&](std::string_view text) {
    const auto expr = promql::ParseExpr(text);
    if (!expr) return;
    for (const promql::VectorSelector* selector : promql::Selectors(**expr)) {
      names.insert(selector->name);
    }
  };
  for (const performance::VitalSpec& vital : performance::Vitals()) add(vital.expr);
  for (std::size_t i = 0; i < performance::kResources; ++i) {
    add(performance::Culprits(static_cast<performance::Resource>(i)).expr);
  }
  return names;
}

Result<Wanted> ReadWanted(const http::Form& form, WallTime now) {
  Wanted wanted;
  TRY_ASSIGN(wanted.end, TimeParam(form, "end", ToMillis(now)));
  TRY_ASSIGN(wanted.start, TimeParam(form, "start", wanted.end - kHourMs));
  if (wanted.end < wanted.start) return Error{Errc::kInvalid, "end is before start"};
  if (!form.Get("step").empty()) {
    TRY_ASSIGN(wanted.step, ParseDurationParam(form.Get("step")));
    if (wanted.step < 0) return Error{Errc::kInvalid, "step is negative"};
  }
  const std::string_view format = form.Get("format");
  wanted.json = format == "json";
  if (!format.empty() && format != "json" && format != "openmetrics") {
    return Error{Errc::kInvalid, "format: openmetrics or json was meant"};
  }
  for (const std::string_view text : form.All("match[]")) {
    TRY_ASSIGN(auto selector, promql::ParseSelector(text));
    wanted.selectors.push_back(std::move(selector));
  }
  if (wanted.selectors.empty()) {
    for (const std::string& name : MetricsOfVitals()) {
      wanted.selectors.push_back({Matcher::Equal(std::string(kMetricName), name)});
    }
  }
  return wanted;
}

/// The last sample of each step, without stale markers.
std::vector<Sample> Thinned(std::span<const Sample> samples, const Wanted& wanted) {
  std::vector<Sample> kept;
  for (const Sample& sample : samples) {
    if (IsStaleNan(sample.value)) continue;
    if (wanted.step > 0 && !kept.empty() &&
        (kept.back().t_ms - wanted.start) / wanted.step ==
            (sample.t_ms - wanted.start) / wanted.step) {
      kept.back() = sample;
    } else {
      kept.push_back(sample);
    }
  }
  return kept;
}

/// `name{a="1"} `, before value and time.
std::string SeriesText(const Labels& labels) {
  std::string text(labels.MetricName());
  char separator = '{';
  for (const LabelView label : labels) {
    if (label.name == kMetricName) continue;
    text += separator;
    text.append(label.name).append("=\"");
    exposition::AppendLabelValue(label.value, text);
    text += '"';
    separator = ',';
  }
  text.append(separator == ',' ? "} " : " ");
  return text;
}

std::string OpenMetricsText(const Labels& labels, std::span<const Sample> samples) {
  const std::string series = SeriesText(labels);
  std::string text;
  for (const Sample& sample : samples) {
    text += series + FormatGoFloat(sample.value) + " ";
    AppendGoFixed(static_cast<double>(sample.t_ms) / 1000, text);
    text += '\n';
  }
  return text;
}

std::string JsonText(const Labels& labels, std::span<const Sample> samples) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject().Key("metric");
  WriteLabels(labels, json);
  json.Key("values").BeginArray();
  for (const Sample& sample : samples) {
    json.BeginArray().Double(static_cast<double>(sample.t_ms) / 1000);
    json.String(FormatSampleValue(sample.value)).EndArray();
  }
  json.EndArray().EndObject();
  return text;
}

/// Rendered series by name, and within it by labels: an exposition has each family in one piece.
using Rendered = std::map<std::string, std::map<Labels, std::string>, std::less<>>;

Result<Rendered> RenderSeries(const promql::Queryable& storage, const Wanted& wanted) {
  Rendered families;
  std::size_t bytes = 0;
  for (const std::vector<Matcher>& matchers : wanted.selectors) {
    TRY_ASSIGN(const auto set, storage.Select({wanted.start, wanted.end}, matchers));
    for (promql::SeriesView series; set->Next(series);) {
      const std::vector<Sample> samples = Thinned(series.samples, wanted);
      if (samples.empty()) continue;
      std::string text = wanted.json ? JsonText(*series.labels, samples)
                                     : OpenMetricsText(*series.labels, samples);
      bytes += text.size();
      if (bytes > kMaxBytes) {
        return Error{Errc::kLimit,
                     "this is more than 64 MB: ask for fewer series (match[]), a shorter time "
                     "(start, end) or with a step"};
      }
      families[std::string(series.labels->MetricName())].insert_or_assign(*series.labels,
                                                                          std::move(text));
    }
  }
  return families;
}

http::Response OpenMetrics(const Rendered& families) {
  http::Response response;
  response.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  for (const auto& [name, series] : families) {
    const bool counter = name.ends_with("_total");
    response.body.append("# TYPE ").append(name, 0, name.size() - (counter ? 6 : 0));
    response.body.append(counter ? " counter\n" : " unknown\n");
    for (const auto& one : series) response.body += one.second;
  }
  response.body += "# EOF\n";
  return response;
}

http::Response Json(const Rendered& families) {
  std::string data = "{\"resultType\":\"matrix\",\"result\":[";
  const char* separator = "";
  for (const auto& family : families) {
    for (const auto& one : family.second) {
      data.append(separator).append(one.second);
      separator = ",";
    }
  }
  return Success(data + "]}");
}

}  // namespace

http::Response ExportHistory(const promql::Queryable& storage, WallTime now,
                             const http::Request& request) {
  const auto wanted = ReadWanted(http::Form::Parse(request), now);
  if (!wanted) return Failure(wanted.error());
  const auto families = RenderSeries(storage, *wanted);
  if (!families) return Failure(families.error());
  return wanted->json ? Json(*families) : OpenMetrics(*families);
}

}  // namespace tocsin::api
