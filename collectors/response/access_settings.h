#pragma once
// The settings of the collector access_log.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/response/access_record.h"
#include "collectors/response/access_stats.h"
#include "collectors/response/log_follower.h"
#include "collectors/response/route_table.h"

namespace tocsin {

/// "/var/log/nginx/shop.access.log" is the log of the service "shop".
std::string ServiceOf(std::string_view path);

/// One entry of `logs`.
struct AccessLogSettings {
  std::string path;      // may have wildcards after the last slash
  std::string service;   // empty: the file's name without .access.log or .log
  std::string instance;  // empty: the path
  FollowFrom from = FollowFrom::kEnd;
  RouteTable routes;
  /// Makes a parser; was tried once, so it does not fail.
  std::function<std::unique_ptr<AccessLineParser>()> make_parser;
};

struct AccessSettings {
  AccessStatsOptions stats;
  std::uint64_t max_bytes_per_round = 64 << 20;  // of one log
  bool keep_position = true;                     // over a restart
  std::vector<AccessLogSettings> logs;
};

/// Errors: kInvalid with position.
Result<AccessSettings> ReadAccessSettings(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin
