#include "collectors/response/probe/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "collectors/response/probe/module_fields.h"
#include "collectors/response/probe/module_file.h"
#include "collectors/response/probe/target_url.h"
#include "metrics/names.h"

namespace tocsin::probe {
namespace {

constexpr std::string_view kModuleFile = "config_file";
/// What there is without a file.
constexpr std::string_view kBuiltIn = R"(modules:
  http_2xx: {prober: http}
  http_post_2xx: {prober: http, http: {method: POST}}
  tcp_connect: {prober: tcp}
  icmp: {prober: icmp}
)";
constexpr std::size_t kMaxLabels = 16;
constexpr milliseconds kMinInterval{100};

bool IsOwnLabel(std::string_view name) {
  constexpr std::array<std::string_view, 9> kOwn{
      "instance", "module", "service", "phase", "reason", "code", "le", "quantile", "window"};
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

Status CheckLabels(const YamlFile& file, const YamlNode& node, const WatchSpec& watch) {
  if (watch.labels.size() > kMaxLabels) return file.At(node, "at most 16 labels");
  for (const auto& [name, value] : watch.labels) {
    if (IsOwnLabel(name)) return file.At(node, "the probe's own label: " + name);
    if (!IsFreeLabelName(name)) return file.At(node, "no label name: " + name);
  }
  return Unit{};
}

Result<Modules> BuiltIn() {
  TRY_ASSIGN(const YamlFile file, ParseYaml(kBuiltIn, "built-in modules"));
  return ReadModules(file);
}

Status ReadGroup(const CollectorDeps& deps, const YamlNode& node, ProbeSettings& settings) {
  const YamlFile& file = deps.file;
  YamlFields fields(file, node, "group of probe targets");
  WatchSpec watch;
  TRY_ASSIGN(const YamlNode* module, fields.Require("module"));
  TRY_ASSIGN(const std::string name, YamlString(file, *module));
  const auto found = settings.modules.find(name);
  if (found == settings.modules.end()) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : settings.modules) names.push_back(known);
    const auto meant = NearestWord(name, names);
    return file.At(*module, "unknown module " + name +
                                (meant ? ", did you mean " + std::string(*meant) + "?" : ""));
  }
  watch.module = found->second;
  TRY_ASSIGN(const auto targets, fields.Read("targets", YamlStrings, std::vector<std::string>()));
  TRY_ASSIGN(auto discovery, net::Discovery::ReadSources(deps.network, deps.fs, fields));
  if (!fields.Find("targets") && discovery->empty()) {
    return file.At(node, "a group has \"targets\", file_sd or dns_srv");
  }
  TRY_ASSIGN(watch.hostname, fields.Read("hostname", YamlString, ""));
  TRY_ASSIGN(watch.service, fields.Read("service", YamlString, name));
  TRY_ASSIGN(watch.interval, fields.Read("interval", YamlDuration, watch.interval));
  const milliseconds own = watch.module->timeout;
  const milliseconds fallback = own.count() > 0 ? own : watch.timeout;
  TRY_ASSIGN(watch.timeout, fields.Read("timeout", YamlDuration, fallback));
  TRY_ASSIGN(const std::size_t retries, fields.ReadCount("retries", 0, {0, 10}));
  TRY_ASSIGN(const std::size_t pings, fields.ReadCount("pings", 1, {1, 100}));
  const YamlNode* labels = fields.Find("labels");
  TRY(fields.Finish());
  if (labels) {
    TRY_ASSIGN(watch.labels, YamlStringMap(file, *labels));
    TRY(CheckLabels(file, *labels, watch));
  }
  if (watch.interval < kMinInterval) return file.At(node, "an interval of 100ms or more");
  if (watch.timeout.count() <= 0) return file.At(node, "a timeout of more than nothing");
  watch.timeout = std::min(watch.timeout, watch.interval);
  watch.retries = static_cast<int>(retries);
  watch.pings = static_cast<int>(pings);
  for (const std::string& target : targets) {
    watch.target = target;
    const std::string shown = RedactedTarget(target);
    const bool twice =
        std::any_of(settings.watches.begin(), settings.watches.end(), [&](const WatchSpec& other) {
          return RedactedTarget(other.target) == shown && other.module == watch.module &&
                 other.labels == watch.labels;
        });
    if (twice) return file.At(node, "the target " + shown + " stands twice for this module");
    settings.watches.push_back(watch);
  }
  if (discovery->empty()) return Unit{};
  watch.target.clear();
  settings.found.push_back({std::move(watch), std::move(discovery)});
  return Unit{};
}

}  // namespace

std::string ModuleFilePath(const YamlFile& file, const YamlNode& node) {
  const YamlNode* path = node.IsMap() ? node.Find(kModuleFile) : nullptr;
  return path && path->IsScalar() ? outgoing::ResolvePath(file, path->scalar) : std::string();
}

std::vector<WatchSpec> WatchesOf(const FoundWatches& group) {
  std::vector<WatchSpec> watches;
  for (const net::DiscoveredTarget& found : group.discovery->targets()) {
    WatchSpec watch = group.settings;
    watch.target = found.address;
    for (const auto& [name, value] : found.labels) {
      if (!IsFreeLabelName(name) || IsOwnLabel(name) || value.empty()) continue;
      const auto own = std::find_if(watch.labels.begin(), watch.labels.end(),
                                    [&n = name](const auto& label) { return label.first == n; });
      if (own != watch.labels.end()) {
        own->second = value;
      } else if (watch.labels.size() < kMaxLabels) {
        watch.labels.emplace_back(name, value);
      }
    }
    watches.push_back(std::move(watch));
  }
  return watches;
}

Result<ProbeSettings> ReadProbeSettings(const CollectorDeps& deps) {
  const YamlFile& file = deps.file;
  const YamlNode& node = deps.settings;
  YamlFields fields(file, node, "collector probe");
  ProbeSettings settings;
  const YamlNode* path = fields.Find(kModuleFile);
  if (path) TRY(YamlString(file, *path));
  const YamlNode* groups = fields.Find("targets");
  TRY_ASSIGN(settings.window, fields.Read("window", YamlDuration, settings.window));
  TRY_ASSIGN(settings.history, fields.ReadCount("history", 100, {0, 10'000}));
  TRY_ASSIGN(settings.max_parallel, fields.ReadCount("max_parallel", 256, {1, 10'000}));
  TRY(fields.Finish());
  const std::string module_file = ModuleFilePath(file, node);
  auto modules = module_file.empty() ? BuiltIn() : LoadModules(file, module_file);
  if (!modules) return file.At(path ? *path : node, modules.error().message());
  settings.modules = *std::move(modules);
  if (!groups) return settings;
  if (!groups->IsSequence()) return file.At(*groups, "targets is a list of groups");
  TRY(ReadItems(file, *groups,
                [&](const YamlNode& group) { return ReadGroup(deps, group, settings); }));
  return settings;
}

}  // namespace tocsin::probe
