#pragma once
// /api/v1/status/…, /api/v1/targets and /api/v1/metadata.

#include <functional>
#include <string>
#include <vector>

#include "agent/http/router.h"
#include "agent/runtime/board.h"
#include "agent/runtime/collector_set.h"
#include "base/clock.h"
#include "base/yaml.h"
#include "metrics/store/store.h"

namespace tocsin::api {

/// What runtimeinfo tells of the process.
struct RuntimeInfo {
  WallTime started;
  bool reload_successful;
  WallTime last_reload;
  milliseconds retention;
};

/// The Prometheus whose API we speak, as buildinfo's version: what clients decide by.
http::Response BuildInfo(bool compat_v2);
http::Response Runtime(const RuntimeInfo& info, const store::StoreStats& stats);
http::Response Tsdb(const store::Store& store, const http::Request& request);

/// The configuration as YAML, its secrets shown as <secret>.
http::Response Config(const YamlFile& file);
/// The text of Config, for tests and logs.
std::string ConfigText(const YamlFile& file);

/// The running collectors as Prometheus's targets. `base_url` is the agent's own.
http::Response Targets(const std::vector<RunningCollector>& running, const std::string& base_url,
                       const Labels& target_labels, const http::Request& request);

/// Type, help and unit of what is on the page.
http::Response Metadata(const std::vector<exposition::NamedSnapshot>& page,
                        const http::Request& request);

}  // namespace tocsin::api
