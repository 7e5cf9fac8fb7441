#pragma once
// What the agent is to do: the command line over the configuration file over the defaults.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/extremes.h"
#include "collectors/host_fs.h"
#include "metrics/labels.h"

namespace tocsin {

/// What the command line said; an unset value leaves the file's, or the default.
struct Flags {
  std::optional<std::string> config_file;
  std::vector<std::string> listen_addresses;
  std::optional<std::string> telemetry_path;
  std::optional<std::string> external_url;
  std::optional<std::string> web_config_file;
  std::optional<std::string> procfs;
  std::optional<std::string> sysfs;
  std::optional<std::string> rootfs;
  std::optional<std::string> udev_data;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  std::optional<std::string> storage_path;
  std::optional<std::string> notify_config;
  std::optional<std::string> promql_compat;
  bool disable_default_collectors = false;
  std::map<std::string, bool> collector_enabled;  // by collector
  std::map<std::string, std::map<std::string, std::vector<std::string>>>
      collector_settings;  // collector → key → values, several if the flag was repeated
};

struct WebSettings {
  friend bool operator==(const WebSettings&, const WebSettings&) = default;

  std::vector<std::string> listen_addresses{"127.0.0.1:9909"};
  std::string telemetry_path = "/metrics";
  std::string external_url;  // empty: that of the first listen address
  std::string config_file;   // TLS, users and headers, as exporters read them; empty: none
  std::string cors_origin;   // empty: no CORS headers; "*" or one origin
};

struct CollectorSettings {
  const CatalogEntry* entry;
  bool enabled;
  milliseconds interval;
  milliseconds timeout;
  YamlNode::Ptr own;  // the collector's own keys; never null
};

struct StorageSettings {
  friend bool operator==(const StorageSettings&, const StorageSettings&) = default;

  std::string path;  // empty: nothing is kept on disk
  milliseconds retention = std::chrono::hours(3);
  std::uint64_t max_bytes = 16 << 20;
  std::uint64_t max_series = 20'000;
  std::uint64_t max_series_per_collector = 10'000;
};

struct QuerySettings {
  bool compat_v2 = false;  // Prometheus 2's closed range windows
  milliseconds timeout = std::chrono::minutes(2);
  milliseconds lookback = std::chrono::minutes(5);
  std::uint64_t max_samples = 50'000'000;
  std::uint64_t max_concurrency = 4;
  std::uint64_t cache_max_bytes = 1 << 20;  // 0: range query results are not cached
  milliseconds cache_ttl = std::chrono::seconds(5);
};

struct RuleSettings {
  std::vector<std::string> files;  // globs, absolute or relative to the working directory
  milliseconds evaluation_interval = std::chrono::seconds(15);
  milliseconds settling = std::chrono::seconds(30);
  double leak_time_scale = 1;
};

struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kLogfmt;
};

struct Settings {
  YamlFile file;  // an empty one when there is no configuration file
  Labels external_labels;
  std::string instance;        // label of all stored series; empty: the host's name
  std::string job = "tocsin";  // likewise
  WebSettings web;
  HostPaths paths;
  std::vector<CollectorSettings> collectors;  // one an entry of the catalog, in its order
  std::vector<ExtremesOf> extremes;
  StorageSettings storage;
  QuerySettings query;
  RuleSettings rules;
  LogSettings log;
  YamlNode::Ptr notify;  // the `notify` section; never null
};

/// Errors: kIo for an unreadable file, kMalformed for one that is not YAML. What is wrong within it
/// is noted in `errors` (not null), as "file:line:column: what, and what was meant", or "--flag:
/// what" for the command line; the settings are then only good for finding more errors.
Result<Settings> LoadSettings(const Flags& flags, std::shared_ptr<YamlErrors> errors);

/// The same, with everything that is wrong as one error.
Result<Settings> LoadSettings(const Flags& flags);

/// That from a text in memory (tests, fuzzing). `name` is what errors call it; relative paths in it
/// are relative to that file's folder.
Result<Settings> ParseSettings(std::string_view text, std::string name, const Flags& flags);

}  // namespace tocsin
