#include "agent/api/pages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>

#include "agent/api/html.h"
#include "agent/http/form.h"
#include "base/format.h"
#include "base/html.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "rules/links.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

constexpr std::int64_t kSpanMs = 60 * 60 * 1000;
constexpr std::int64_t kStepMs = 30 * 1000;
constexpr milliseconds kLongestQuery = seconds(10);
constexpr std::size_t kMaxDrawn = 10;
constexpr double kWidth = 720;
constexpr double kHeight = 240;
constexpr std::array<const char*, kMaxDrawn> kColours{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728",
                                                      "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
                                                      "#bcbd22", "#17becf"};

http::Response Page(std::string_view heading, const std::string& content) {
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}};
  response.body = HtmlPage(heading, content);
  return response;
}

std::string Html(std::string_view text) {
  std::string html;
  AppendHtml(text, html);
  return html;
}

void AppendRow(const RuleView& rule, const AlertView& alert, WallTime now, std::string& html) {
  milliseconds age = std::max(milliseconds(0), now - alert.active_at);
  age -= age % (age > std::chrono::minutes(1) ? milliseconds(60'000) : milliseconds(1'000));
  html.append("<tr><td>").append(AlertStateText(alert.state)).append("</td><td>");
  html += FormatDuration(age) + "</td><td><a href=\"" + Html(GraphLink("", rule.query).substr(1)) +
          "\">" + Html(rule.name) + "</a></td><td>" + FormatGoFloat(alert.value) + "</td><td>";
  if (alert.annotations.Has("summary")) html += Html(alert.annotations.Get("summary")) + "<br>";
  html += "<small>" + Html(alert.labels.ToString()) + "</small></td></tr>\n";
}

struct Bounds {
  double low = INFINITY;
  double high = -INFINITY;
};

Bounds BoundsOf(const std::vector<promql::MatrixSeries>& matrix) {
  Bounds bounds;
  for (const promql::MatrixSeries& series : matrix) {
    for (const Sample& sample : series.samples) {
      if (!std::isfinite(sample.value)) continue;
      bounds.low = std::min(bounds.low, sample.value);
      bounds.high = std::max(bounds.high, sample.value);
    }
  }
  return bounds;
}

/// A polyline for each run of samples without a gap.
std::string Line(const promql::MatrixSeries& series, const Bounds& bounds, std::int64_t start_ms,
                 const char* colour) {
  std::string svg;
  std::int64_t last_ms = 0;
  const auto begin = [&] {
    svg.append("<polyline fill=\"none\" stroke=\"").append(colour).append("\" points=\"");
  };
  const double range = bounds.high > bounds.low ? bounds.high - bounds.low : 1;
  for (const Sample& sample : series.samples) {
    if (!std::isfinite(sample.value)) continue;
    const bool gap = last_ms != 0 && sample.t_ms - last_ms > kStepMs;
    if (last_ms == 0 || gap) {
      if (gap) svg += "\"/>";
      begin();
    }
    last_ms = sample.t_ms;
    std::array<char, 48> point{};
    std::snprintf(point.data(), point.size(), "%.1f,%.1f ",
                  static_cast<double>(sample.t_ms - start_ms) / kSpanMs * kWidth,
                  kHeight - (sample.value - bounds.low) / range * kHeight);
    svg += point.data();
  }
  if (last_ms != 0) svg += "\"/>\n";
  return svg;
}

std::string Chart(const promql::QueryResult& result, std::int64_t start_ms) {
  const Bounds bounds = BoundsOf(result.matrix);
  if (bounds.low > bounds.high) return "<p>There was no data in the last hour.</p>\n";
  std::string html = "<p>" + FormatGoFloat(bounds.high) +
                     "</p><svg viewBox=\"0 0 720 240\" width=\"100%\" role=\"img\" "
                     "aria-label=\"the last hour\"><rect width=\"720\" height=\"240\" "
                     "fill=\"#f6f6f6\"/>\n";
  std::string table = "<table>\n";
  for (std::size_t i = 0; i < std::min(result.matrix.size(), kMaxDrawn); ++i) {
    const promql::MatrixSeries& series = result.matrix[i];
    html += Line(series, bounds, start_ms, kColours[i]);
    table.append("<tr><td><svg width=\"12\" height=\"12\"><rect width=\"12\" height=\"12\" fill=\"")
        .append(kColours[i])
        .append("\"/></svg> ")
        .append(Html(series.labels.ToString()))
        .append("</td><td>");
    if (!series.samples.empty()) table += FormatGoFloat(series.samples.back().value);
    table += "</td></tr>\n";
  }
  html += "</svg><p>" + FormatGoFloat(bounds.low) + " <small>(from " +
          Rfc3339(FromMillis(start_ms)) + " to " + Rfc3339(FromMillis(start_ms + kSpanMs)) +
          ")</small></p>\n" + table + "</table>\n";
  if (result.matrix.size() > kMaxDrawn) {
    html += "<p>and " + std::to_string(result.matrix.size() - kMaxDrawn) + " more series</p>\n";
  }
  return html;
}

}  // namespace

http::Response AlertsPage(const std::vector<RuleGroupView>& groups, WallTime now) {
  std::string rows;
  for (const AlertState state : {AlertState::kFiring, AlertState::kPending}) {
    for (const RuleGroupView& group : groups) {
      for (const RuleView& rule : group.rules) {
        for (const AlertView& alert : rule.alerts) {
          if (alert.state == state) AppendRow(rule, alert, now, rows);
        }
      }
    }
  }
  if (rows.empty()) return Page("Alerts", "<p>Nothing is pending or firing.</p>\n");
  return Page("Alerts", "<table>\n<tr><th>State<th>Since<th>Alert<th>Value<th>What</tr>\n" + rows +
                            "</table>\n");
}

http::Response GraphPage(const promql::Queryable& storage, const Clock& clock,
                         const QueryLimits& limits, const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  const std::string_view text = form.Get("g0.expr");
  std::string html = "<form><p><input name=\"g0.expr\" style=\"width:100%\" value=\"" + Html(text) +
                     "\" aria-label=\"PromQL\"></p><p><button>Show</button></p></form>\n";
  if (text.empty()) return Page("Graph", html);
  const auto expr = promql::ParseExpr(text);
  if (!expr) return Page("Graph", html + "<p>" + Html(expr.error().message()) + "</p>\n");
  promql::EngineOptions options = limits.engine;
  options.deadline = clock.Mono() + std::min(limits.timeout, kLongestQuery);
  const std::int64_t end = ToMillis(clock.Wall());
  const auto result = promql::EvalRange(**expr, end - kSpanMs, end, kStepMs, storage, options);
  if (!result) return Page("Graph", html + "<p>" + Html(result.error().message()) + "</p>\n");
  return Page("Graph", html + Chart(*result, end - kSpanMs));
}

}  // namespace tocsin::api
