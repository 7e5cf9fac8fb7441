#pragma once
// The section `collectors: probe:` of tocsin.yml.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/net/discovery.h"
#include "collectors/response/probe/module.h"
#include "collectors/response/probe/watches.h"

namespace tocsin::probe {

/// Targets that stand in files or in DNS.
struct FoundWatches {
  WatchSpec settings;  // of all of them; without a target
  std::unique_ptr<net::Discovery> discovery;
};

/// What `group` comes to at present. Its own labels give way to those of the file; the labels that
/// the probe has itself, and those past the sixteenth, are left out.
std::vector<WatchSpec> WatchesOf(const FoundWatches& group);

struct ProbeSettings {
  Modules modules;
  std::vector<WatchSpec> watches;
  std::vector<FoundWatches> found;
  milliseconds window{300'000};  // of the quantiles
  std::size_t history = 100;
  std::size_t max_parallel = 256;
};

/// Reads also the blackbox.yml that it names. Errors: kInvalid, kMalformed, kIo with position.
Result<ProbeSettings> ReadProbeSettings(const CollectorDeps& deps);

/// The path of that blackbox.yml; empty: the built-in modules.
std::string ModuleFilePath(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin::probe
