// Lines of access logs. Input: a format (nginx's, Apache's, a name; "json" and "caddy" too), a
// newline, then the log.

#include <cmath>
#include <cstdlib>

#include "base/parse.h"
#include "collectors/response/access_stats.h"
#include "collectors/response/json_lines.h"
#include "collectors/response/line_format.h"
#include "collectors/response/regex_lines.h"

namespace tocsin {
namespace {

std::unique_ptr<AccessLineParser> ParserOf(std::string_view format) {
  if (format == "json") return *MakeJsonParser(NginxJsonFields());
  if (format == "caddy") return *MakeJsonParser(CaddyFields());
  if (format.starts_with('/')) {
    auto made = MakeRegexParser(format.substr(1));
    return made ? *std::move(made) : nullptr;
  }
  auto parsed = ParseLineFormat(format);
  return parsed ? MakeFormatParser(*std::move(parsed)) : nullptr;
}

RouteTable Routes() {
  RouteTable routes;
  for (const char* route : {"/", "/a/:b", "/a/{b}/c", "/static/*"}) {
    if (!routes.Add(route, {})) std::abort();
  }
  if (!routes.AddRegex("/v[0-9]+/.*", "api")) std::abort();
  return routes;
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto parser = ParserOf(TakeLine(input));
  if (!parser) return 0;
  static const RouteTable routes = Routes();
  AccessStatsOptions options;
  options.bounds = {0.1, 1};
  options.max_series = 50;
  AccessStats stats(options, routes);
  stats.BeginRound(MonoTime(seconds(1)));
  std::string block(input);
  if (!block.ends_with('\n')) block += '\n';
  const std::size_t bytes = block.size();
  block.resize(bytes + kLinePadding);
  stats.AddLines(std::string_view(block).substr(0, bytes), *parser);

  // Every line is counted once, whatever is in it.
  std::uint64_t counted = stats.dropped();
  for (const auto& responses : stats.responses()) {
    if (responses.status < 100 || responses.status > 599) std::abort();
    counted += responses.count;
  }
  for (const auto problem : {LineProblem::kFormat, LineProblem::kStatus, LineProblem::kTime}) {
    counted += stats.problems(problem);
  }
  if (stats.responses().size() > options.max_series) std::abort();
  if (counted < stats.lines()) std::abort();
  for (const auto& histogram : stats.histograms()) {
    if (std::isnan(histogram.sum) || histogram.sum < 0) std::abort();
  }
  return 0;
}
