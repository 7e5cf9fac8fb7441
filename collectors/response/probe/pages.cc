#include "collectors/response/probe/pages.h"

#include <array>
#include <cmath>

#include "base/format.h"
#include "base/html.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "collectors/response/probe/emit.h"
#include "metrics/exposition/render.h"

namespace tocsin::probe {
namespace {

void AppendTable(std::string_view title, const std::vector<HistoryEntry>& entries,
                 std::string& out) {
  out.append("<h2>").append(title).append("</h2>\n");
  if (entries.empty()) {
    out += "<p>None.</p>\n";
    return;
  }
  out +=
      "<table border='1'><tr><th>Time</th><th>Module</th><th>Target</th><th>Result</th>"
      "<th>Duration</th><th>Debug</th></tr>\n";
  for (const HistoryEntry& entry : entries) {
    const ProbeResult& result = *entry.result;
    out += "<tr><td>" + FormatUtc(result.began, "%Y-%m-%d %H:%M:%SZ") + "</td><td>";
    AppendHtml(entry.module->name, out);
    out += "</td><td>";
    AppendHtml(entry.target, out);
    out += "</td><td>";
    if (result.failure) {
      out.append("<strong>").append(ReasonText(result.failure->reason)).append("</strong>: ");
      AppendHtml(result.failure->message, out);
    } else {
      out += "Success";
    }
    out += "</td><td>" + FormatGoFloat(result.duration_seconds) +
           "s</td><td><a href='logs?id=" + std::to_string(entry.id) + "'>Logs</a></td></tr>\n";
  }
  out += "</table>\n";
}

}  // namespace

std::string MetricsPage(const ProbeResult& result) {
  RoundWriter writer;
  writer.Begin(result.began);
  EmitResult(result, {}, writer);
  const auto snapshot = writer.Finish();
  if (!snapshot) return "# " + snapshot.error().message() + "\n";
  return exposition::RenderPage(std::array{*snapshot}, exposition::Format::kText);
}

std::string DebugPage(const HistoryEntry& entry) {
  return "Logs for the probe:\n" + entry.result->log +
         "\n\n\nMetrics that would have been returned:\n" + MetricsPage(*entry.result) +
         "\n\n\nModule configuration:\n" + entry.module->source;
}

std::string HistoryPage(const History& history) {
  std::string out =
      "<html><head><meta charset='utf-8'><title>Probes</title></head><body>\n<h1>Probes</h1>\n";
  AppendTable("Recent failures", history.Failures(), out);
  AppendTable("Recent successes", history.Successes(), out);
  return out + "</body></html>\n";
}

Result<milliseconds> ProbeTimeout(std::string_view header, milliseconds module_timeout) {
  constexpr double kDefault = 120;
  constexpr double kMost = 3'600;
  constexpr double kOffset = 0.5;
  double seconds_left = 0;
  if (!header.empty()) {
    const auto parsed = ParseDouble(header);
    if (!parsed || std::isnan(*parsed)) {
      return Error{Errc::kInvalid, "not a number: " + OneLine(header, 40)};
    }
    seconds_left = *parsed;
  }
  if (seconds_left == 0) seconds_left = kDefault;
  seconds_left = std::min(seconds_left, kMost) - kOffset;
  const double of_module = ToSeconds(module_timeout);
  if ((of_module < seconds_left && of_module > 0) || seconds_left < 0) seconds_left = of_module;
  return milliseconds(std::max<std::int64_t>(std::llround(seconds_left * 1'000), 1));
}

}  // namespace tocsin::probe
