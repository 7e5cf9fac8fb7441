#pragma once
// The section `collectors: probe:` of tocsin.yml.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// A target that is probed again and again.
struct WatchSpec {
  std::shared_ptr<const Module> module;
  std::string target;
  std::string hostname;
  std::string service;                                      // of the common shape
  std::vector<std::pair<std::string, std::string>> labels;  // besides instance and module
  milliseconds interval{15'000};
  milliseconds timeout{10'000};
  int retries = 0;
  int pings = 1;
};

struct ProbeSettings {
  Modules modules;
  std::vector<WatchSpec> watches;
  milliseconds window{300'000};  // of the quantiles
  std::size_t history = 100;
  std::size_t max_parallel = 256;
};

/// Reads also the blackbox.yml that it names. Errors: kInvalid, kMalformed, kIo with position.
Result<ProbeSettings> ReadProbeSettings(const YamlFile& file, const YamlNode& node);

/// The path of that blackbox.yml; empty: the built-in modules.
std::string ModuleFilePath(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin::probe
