#include "collectors/response/access_settings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/path_glob.h"
#include "collectors/response/json_lines.h"
#include "collectors/response/line_format.h"
#include "collectors/response/regex_lines.h"

namespace tocsin {
namespace {

using MakeParser = std::function<std::unique_ptr<AccessLineParser>()>;

/// Denser than client libraries' default where web servers answer: neighbours differ by 2 at most.
constexpr double kDefaultBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05,
                                     0.075, 0.1,    0.15,  0.25, 0.5,   0.75,  1,
                                     1.5,   2.5,    5,     7.5,  10,    30};
constexpr double kDefaultQuantiles[] = {0.5, 0.95, 0.99};

Result<std::vector<double>> ReadNumbers(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return file.At(node, "expected a list of numbers");
  std::vector<double> numbers;
  for (const auto& item : node.items) {
    TRY_ASSIGN(const double number, YamlDouble(file, *item));
    numbers.push_back(number);
  }
  return numbers;
}

Result<std::vector<double>> ReadBounds(const YamlFile& file, const YamlNode& node) {
  constexpr std::size_t kMost = 200;
  TRY_ASSIGN(std::vector<double> bounds, ReadNumbers(file, node));
  if (!bounds.empty() && std::isinf(bounds.back())) bounds.pop_back();
  const bool finite = std::all_of(bounds.begin(), bounds.end(),
                                  [](double bound) { return std::isfinite(bound) && bound > 0; });
  if (bounds.empty() || bounds.size() > kMost || !finite ||
      std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) != bounds.end()) {
    return file.At(node, "expected 1 to 200 rising numbers of seconds");
  }
  return bounds;
}

Result<std::vector<double>> ReadQuantiles(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(std::vector<double> quantiles, ReadNumbers(file, node));
  const bool good =
      std::all_of(quantiles.begin(), quantiles.end(), [](double q) { return q >= 0 && q <= 1; });
  if (!good || quantiles.size() > 20) return file.At(node, "expected numbers between 0 and 1");
  return quantiles;
}

Status ReadRoute(const YamlFile& file, const YamlNode& node, RouteTable& routes) {
  const auto positioned = [&](Status status) -> Status {
    if (!status) return file.At(node, status.error().message());
    return status;
  };
  if (node.IsScalar()) return positioned(routes.Add(node.scalar, {}));
  YamlFields fields(file, node, "route");
  TRY_ASSIGN(const std::string path, fields.Read("path", YamlString, ""));
  TRY_ASSIGN(const std::string regex, fields.Read("regex", YamlString, ""));
  TRY_ASSIGN(const std::string route, fields.ReadRequired("route", YamlString));
  TRY(fields.Finish());
  if (path.empty() == regex.empty()) return file.At(node, "expected either path or regex");
  return positioned(regex.empty() ? routes.Add(path, route) : routes.AddRegex(regex, route));
}

Status ReadRoutes(const YamlFile& file, const YamlNode* node, RouteTable& routes) {
  constexpr std::size_t kMost = 200;
  if (!node) return Unit{};
  if (!node->IsSequence() || node->items.size() > kMost) {
    return file.At(*node, "expected a list of at most 200 routes");
  }
  return ReadItems(file, *node,
                   [&](const YamlNode& item) { return ReadRoute(file, item, routes); });
}

Result<std::vector<JsonField>> ReadJsonFields(const YamlFile& file, const YamlNode& node) {
  if (!node.IsMap()) return file.At(node, "expected a map: status: path.of.the.key, …");
  std::vector<JsonField> fields;
  bool status = false;
  for (const auto& [key, value] : node.entries) {
    const auto field = AccessFieldNamed(key->scalar);
    if (!field) {
      return file.At(*key, "unknown field \"" + key->scalar + "\", expected " +
                               std::string(kAccessFieldNames));
    }
    TRY_ASSIGN(std::string path, YamlString(file, *value));
    status = status || *field == AccessField::kStatus;
    fields.push_back({std::move(path), *field});
  }
  if (!status) return file.At(node, "no field is called status");
  return fields;
}

/// A maker of parsers of one kind, whose arguments were tried.
template <class Make>
Result<MakeParser> Tried(const YamlFile& file, const YamlNode& node, Make make) {
  if (const auto made = make(); !made) return file.At(node, made.error().message());
  return MakeParser([make] { return *make(); });
}

Result<MakeParser> ReadFormat(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string format, YamlString(file, node));
  if (format == "caddy") return Tried(file, node, [] { return MakeJsonParser(CaddyFields()); });
  if (format == "json") return Tried(file, node, [] { return MakeJsonParser(NginxJsonFields()); });
  return Tried(file, node, [format]() -> Result<std::unique_ptr<AccessLineParser>> {
    TRY_ASSIGN(LineFormat parsed, ParseLineFormat(format));
    return MakeFormatParser(std::move(parsed));
  });
}

Result<MakeParser> ReadLayout(YamlFields& fields) {
  const YamlFile& file = fields.file();
  const YamlNode* const format = fields.Find("format");
  const YamlNode* const json = fields.Find("json");
  const YamlNode* const regex = fields.Find("regex");
  if ((format ? 1 : 0) + (json ? 1 : 0) + (regex ? 1 : 0) > 1) {
    return file.At(fields.node(), "expected only one of format, json, regex");
  }
  if (json) {
    TRY_ASSIGN(const std::vector<JsonField> wanted, ReadJsonFields(file, *json));
    return Tried(file, *json, [wanted] { return MakeJsonParser(wanted); });
  }
  if (regex) {
    TRY_ASSIGN(const std::string expression, YamlString(file, *regex));
    return Tried(file, *regex, [expression] { return MakeRegexParser(expression); });
  }
  if (format) return ReadFormat(file, *format);
  return MakeParser([] { return MakeFormatParser(*ParseLineFormat("combined")); });
}

Result<FollowFrom> ReadFrom(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string word, YamlString(file, node));
  if (word == "end") return FollowFrom::kEnd;
  if (word == "beginning") return FollowFrom::kBeginning;
  return file.At(node, "expected end or beginning");
}

Result<AccessLogSettings> ReadLog(const YamlFile& file, const YamlNode& node,
                                  const YamlNode* common_routes) {
  YamlFields fields(file, node, "log");
  AccessLogSettings log;
  TRY_ASSIGN(log.path, fields.ReadRequired("path", YamlString));
  if (!log.path.starts_with('/')) return file.At(node, "path: expected an absolute path");
  if (IsGlob(std::string_view(log.path).substr(0, log.path.rfind('/')))) {
    return file.At(node, "path: wildcards may stand in the file's name, not in its folder's");
  }
  TRY_ASSIGN(log.service, fields.Read("service", YamlString, ""));
  TRY_ASSIGN(log.instance, fields.Read("instance", YamlString, ""));
  TRY_ASSIGN(log.from, fields.Read("start", ReadFrom, FollowFrom::kEnd));
  TRY(ReadRoutes(file, fields.Find("routes"), log.routes));
  TRY(ReadRoutes(file, common_routes, log.routes));
  TRY_ASSIGN(log.make_parser, ReadLayout(fields));
  TRY(fields.Finish());
  return log;
}

/// Two logs with the same labels would be the same series twice.
Status CheckLabels(const YamlFile& file, const YamlNode& node, const AccessLogSettings& log,
                   const std::vector<AccessLogSettings>& others) {
  const auto service = [](const AccessLogSettings& l) {
    return l.service.empty() ? ServiceOf(l.path) : l.service;
  };
  const auto instance = [](const AccessLogSettings& l) {
    return l.instance.empty() ? l.path : l.instance;
  };
  if (IsGlob(log.path) && !log.instance.empty()) {
    return file.At(node, "instance: a path with wildcards may be several");
  }
  for (const AccessLogSettings& other : others) {
    if (service(log) == service(other) && instance(log) == instance(other)) {
      return file.At(node, "another log has the same service and instance");
    }
  }
  return Unit{};
}

}  // namespace

std::string ServiceOf(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view suffix : {".log", ".json", "_access", "-access", ".access"}) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return std::string(name);
}

Result<AccessSettings> ReadAccessSettings(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "collector access_log");
  AccessSettings settings;
  TRY_ASSIGN(settings.stats.bounds, fields.Read("buckets", ReadBounds,
                                                std::vector<double>(std::begin(kDefaultBounds),
                                                                    std::end(kDefaultBounds))));
  TRY_ASSIGN(
      settings.stats.quantiles,
      fields.Read("quantiles", ReadQuantiles,
                  std::vector<double>(std::begin(kDefaultQuantiles), std::end(kDefaultQuantiles))));
  TRY_ASSIGN(settings.stats.window, fields.Read("window", YamlDuration, milliseconds(60'000)));
  if (settings.stats.window < seconds(1)) return file.At(node, "window: expected at least 1s");
  TRY_ASSIGN(settings.stats.max_series, fields.ReadCount("max_series", 1'000, {1, 50'000}));
  TRY_ASSIGN(settings.max_bytes_per_round,
             fields.Read("max_bytes_per_round", YamlBytes, settings.max_bytes_per_round));
  TRY_ASSIGN(settings.keep_position, fields.Read("keep_position", YamlBool, true));
  const YamlNode* const routes = fields.Find("routes");
  if (const YamlNode* logs = fields.Find("logs")) {
    if (!logs->IsSequence()) return file.At(*logs, "expected a list of logs");
    TRY(ReadItems(file, *logs, [&](const YamlNode& item) -> Status {
      TRY_ASSIGN(AccessLogSettings log, ReadLog(file, item, routes));
      TRY(CheckLabels(file, item, log, settings.logs));
      settings.logs.push_back(std::move(log));
      return Unit{};
    }));
  }
  TRY(fields.Finish());
  return settings;
}

}  // namespace tocsin
