#include "agent/api/federate.h"

#include <map>
#include <string>
#include <vector>

#include "base/format.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

void AppendEscaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

Labels WithExternal(const Labels& labels, const Labels& external) {
  LabelsBuilder builder(labels);
  for (const LabelView label : external) {
    if (!labels.Has(label.name)) builder.Set(label.name, label.value);
  }
  // Prometheus gives every federated series an instance, so that the scraper's does not stick.
  if (!labels.Has("instance") && !external.Has("instance")) builder.Set("instance", "");
  return builder.Build();
}

void AppendLine(const Labels& labels, const Sample& sample, std::string& out) {
  out += labels.MetricName();
  std::string_view separator = "{";
  for (const LabelView label : labels) {
    if (label.name == kMetricName) continue;
    out.append(separator).append(label.name).append("=\"");
    AppendEscaped(label.value, out);
    out += '"';
    separator = ",";
  }
  if (separator == ",") out += '}';
  out.append(" ").append(FormatGoFloat(sample.value)).append(" ");
  out.append(std::to_string(sample.t_ms)).append("\n");
}

}  // namespace

http::Response Federate(const store::Store& store, const Labels& external_labels, WallTime now,
                        milliseconds lookback, const http::Request& request) {
  http::Response response;
  const store::TimeRange range{ToMillis(now - lookback), ToMillis(now)};
  std::map<Labels, Sample> newest;
  const http::Form form = http::Form::Parse(request);
  for (const std::string_view text : form.All("match[]")) {
    const auto selector = promql::ParseSelector(text);
    if (!selector) {
      response.status = 400;
      response.body = selector.error().message() + "\n";
      return response;
    }
    store::SeriesCursor cursor = store.Select(range, *selector);
    for (store::SeriesView series{}; cursor.Next(series);) {
      const Sample& last = series.samples.back();
      if (!IsStaleNan(last.value)) newest.insert_or_assign(*series.labels, last);
    }
  }
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  // __name__ does not come first in the order of labels, so group by it.
  std::map<std::string_view, std::vector<std::pair<Labels, Sample>>> families;
  for (const auto& [labels, sample] : newest) {
    families[labels.MetricName()].emplace_back(WithExternal(labels, external_labels), sample);
  }
  for (const auto& [name, samples] : families) {
    response.body.append("# TYPE ").append(name).append(" untyped\n");
    for (const auto& [labels, sample] : samples) AppendLine(labels, sample, response.body);
  }
  return response;
}

}  // namespace tocsin::api
