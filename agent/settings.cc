#include "agent/settings.h"

#include <algorithm>
#include <utility>

#include "base/parse.h"
#include "collectors/catalog.h"

namespace tocsin {
namespace {

constexpr milliseconds kMinInterval{100};

/// Paths of a configuration file are relative to the folder it is in.
std::string RelativeTo(const std::string& file, const std::string& path) {
  const auto slash = file.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) return path;
  return file.substr(0, slash + 1) + path;
}

template <class T>
Status ReadInto(YamlFields& fields, std::string_view key,
                Result<T> (*read)(const YamlFile&, const YamlNode&), T& into) {
  TRY_ASSIGN(into, fields.Read(key, read, into));
  return Unit{};
}

Result<Labels> ReadLabels(const YamlFile& file, const YamlNode& node) {
  if (!node.IsMap()) return file.At(node, "expected a map of label names to values");
  LabelsBuilder labels;
  for (const auto& [key, value] : node.entries) {
    TRY_ASSIGN(const std::string text, YamlString(file, *value));
    labels.Set(key->scalar, text);
  }
  return labels.Build();
}

Status ReadGlobal(const YamlFile& file, const YamlNode& node, Settings& settings) {
  YamlFields fields(file, node, "global");
  TRY(ReadInto(fields, "evaluation_interval", YamlDuration, settings.rules.evaluation_interval));
  TRY(ReadInto(fields, "instance", YamlString, settings.instance));
  TRY(ReadInto(fields, "job", YamlString, settings.job));
  if (const YamlNode* labels = fields.Find("external_labels")) {
    TRY_ASSIGN(settings.external_labels, ReadLabels(file, *labels));
  }
  return fields.Finish();
}

Status ReadWeb(const YamlFile& file, const YamlNode& node, WebSettings& web) {
  YamlFields fields(file, node, "web");
  TRY(ReadInto(fields, "listen_addresses", YamlStrings, web.listen_addresses));
  TRY(ReadInto(fields, "telemetry_path", YamlString, web.telemetry_path));
  TRY(ReadInto(fields, "external_url", YamlString, web.external_url));
  TRY(ReadInto(fields, "cors_origin", YamlString, web.cors_origin));
  TRY(ReadInto(fields, "config_file", YamlString, web.config_file));
  TRY(fields.Finish());
  if (!web.config_file.empty()) web.config_file = RelativeTo(file.name, web.config_file);
  if (!web.telemetry_path.starts_with('/')) {
    return file.At(*node.Find("telemetry_path"), "telemetry_path must begin with \"/\"");
  }
  if (web.listen_addresses.empty()) {
    return file.At(*node.Find("listen_addresses"), "listen_addresses must name at least one");
  }
  return Unit{};
}

Status ReadPaths(const YamlFile& file, const YamlNode& node, HostPaths& paths) {
  YamlFields fields(file, node, "paths");
  TRY(ReadInto(fields, "procfs", YamlString, paths.procfs));
  TRY(ReadInto(fields, "sysfs", YamlString, paths.sysfs));
  TRY(ReadInto(fields, "rootfs", YamlString, paths.rootfs));
  TRY(ReadInto(fields, "udev_data", YamlString, paths.udev_data));
  return fields.Finish();
}

Status ReadStorage(const YamlFile& file, const YamlNode& node, StorageSettings& storage) {
  YamlFields fields(file, node, "storage");
  TRY(ReadInto(fields, "path", YamlString, storage.path));
  TRY(ReadInto(fields, "retention", YamlDuration, storage.retention));
  TRY(ReadInto(fields, "max_bytes", YamlBytes, storage.max_bytes));
  TRY(ReadInto(fields, "max_series", YamlBytes, storage.max_series));
  TRY(ReadInto(fields, "max_series_per_collector", YamlBytes, storage.max_series_per_collector));
  return fields.Finish();
}

Status ReadQuery(const YamlFile& file, const YamlNode& node, QuerySettings& query) {
  YamlFields fields(file, node, "query");
  TRY(ReadInto(fields, "timeout", YamlDuration, query.timeout));
  TRY(ReadInto(fields, "lookback", YamlDuration, query.lookback));
  TRY(ReadInto(fields, "max_samples", YamlBytes, query.max_samples));
  TRY(ReadInto(fields, "max_concurrency", YamlBytes, query.max_concurrency));
  TRY(ReadInto(fields, "cache_max_bytes", YamlBytes, query.cache_max_bytes));
  TRY(ReadInto(fields, "cache_ttl", YamlDuration, query.cache_ttl));
  const YamlNode* compat = fields.Find("promql_compat");
  TRY(fields.Finish());
  if (compat) {
    TRY_ASSIGN(const std::string version, YamlString(file, *compat));
    if (version != "v2" && version != "v3") {
      return file.At(*compat, "promql_compat is v2 or v3, not \"" + version + "\"");
    }
    query.compat_v2 = version == "v2";
  }
  return Unit{};
}

Status ReadLog(const YamlFile& file, const YamlNode& node, LogSettings& log) {
  YamlFields fields(file, node, "log");
  const YamlNode* level = fields.Find("level");
  const YamlNode* format = fields.Find("format");
  TRY(fields.Finish());
  if (level) {
    TRY_ASSIGN(const std::string word, YamlString(file, *level));
    auto parsed = ParseLogLevel(word);
    if (!parsed) return file.At(*level, parsed.error().message());
    log.level = *parsed;
  }
  if (format) {
    TRY_ASSIGN(const std::string word, YamlString(file, *format));
    auto parsed = ParseLogFormat(word);
    if (!parsed) return file.At(*format, parsed.error().message());
    log.format = *parsed;
  }
  return Unit{};
}

YamlNode::Ptr ScalarNode(std::string text) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlNode::Kind::kScalar;
  node->scalar = std::move(text);
  node->line = node->column = 1;
  return node;
}

/// The collector's own keys of `node`, with what the command line set written over them.
/// A flag given once is a value, given several times a list.
YamlNode::Ptr ValuesNode(const std::vector<std::string>& values) {
  if (values.size() == 1) return ScalarNode(values.front());
  auto list = std::make_shared<YamlNode>();
  list->kind = YamlNode::Kind::kSequence;
  for (const std::string& value : values) list->items.push_back(ScalarNode(value));
  return list;
}

YamlNode::Ptr OwnSettings(const YamlNode* node,
                          const std::map<std::string, std::vector<std::string>>* flags) {
  auto own = std::make_shared<YamlNode>();
  own->kind = YamlNode::Kind::kMap;
  own->line = node ? node->line : 1;
  own->column = node ? node->column : 1;
  if (node) {
    for (const auto& entry : node->entries) {
      const std::string& key = entry.first->scalar;
      const bool common = key == "enabled" || key == "interval" || key == "timeout";
      if (!common && !(flags && flags->contains(key))) own->entries.push_back(entry);
    }
  }
  if (flags) {
    for (const auto& [key, values] : *flags) {
      own->entries.emplace_back(ScalarNode(key), ValuesNode(values));
    }
  }
  return own;
}

Result<CollectorSettings> ReadCollector(const YamlFile& file, const YamlNode* node,
                                        const CatalogEntry& entry, const Flags& flags) {
  CollectorSettings collector{.entry = &entry,
                              .enabled = entry.on_by_default && !flags.disable_default_collectors,
                              .interval = entry.interval,
                              .timeout = {},
                              .own = nullptr};
  if (node) {
    if (!node->IsMap()) return file.At(*node, "expected a map of settings");
    YamlFields common(file, *node, entry.name);
    TRY(ReadInto(common, "enabled", YamlBool, collector.enabled));
    TRY(ReadInto(common, "interval", YamlDuration, collector.interval));
    TRY(ReadInto(common, "timeout", YamlDuration, collector.timeout));
    if (collector.interval < kMinInterval) {
      return file.At(*node->Find("interval"), "an interval is at least 100ms");
    }
  }
  // A round of a slow collector may take long, but a fast one must not go unnoticed for long.
  if (collector.timeout == milliseconds(0)) {
    collector.timeout = std::clamp<milliseconds>(collector.interval, seconds(2), seconds(10));
  }
  const std::string name(entry.name);
  if (const auto set = flags.collector_enabled.find(name); set != flags.collector_enabled.end()) {
    collector.enabled = set->second;
  }
  const auto overrides = flags.collector_settings.find(name);
  collector.own =
      OwnSettings(node, overrides == flags.collector_settings.end() ? nullptr : &overrides->second);
  return collector;
}

Status ReadCollectors(const YamlFile& file, const YamlNode& node, const Flags& flags,
                      std::vector<CollectorSettings>& collectors) {
  YamlFields fields(file, node, "collectors");
  for (const CatalogEntry& entry : CollectorCatalog()) {
    TRY_ASSIGN(CollectorSettings collector,
               ReadCollector(file, fields.Find(entry.name), entry, flags));
    collectors.push_back(std::move(collector));
  }
  return fields.Finish();
}

Status ReadRules(const YamlFile& file, const YamlNode& node, RuleSettings& rules) {
  YamlFields fields(file, node, "rules");
  TRY(ReadInto(fields, "files", YamlStrings, rules.files));
  TRY(ReadInto(fields, "settling", YamlDuration, rules.settling));
  TRY(ReadInto(fields, "leak_time_scale", YamlDouble, rules.leak_time_scale));
  if (!(rules.leak_time_scale >= 1 && rules.leak_time_scale <= 1000)) {
    return file.At(*fields.Find("leak_time_scale"), "expected leak_time_scale from 1 to 1000");
  }
  TRY(fields.Finish());
  for (std::string& path : rules.files) path = RelativeTo(file.name, path);
  return Unit{};
}

void Override(const std::optional<std::string>& flag, std::string& setting) {
  if (flag) setting = *flag;
}

Status ApplyFlags(const Flags& flags, Settings& settings) {
  if (!flags.listen_addresses.empty()) settings.web.listen_addresses = flags.listen_addresses;
  Override(flags.telemetry_path, settings.web.telemetry_path);
  Override(flags.external_url, settings.web.external_url);
  Override(flags.web_config_file, settings.web.config_file);
  Override(flags.procfs, settings.paths.procfs);
  Override(flags.sysfs, settings.paths.sysfs);
  Override(flags.rootfs, settings.paths.rootfs);
  Override(flags.udev_data, settings.paths.udev_data);
  Override(flags.storage_path, settings.storage.path);
  if (!settings.web.telemetry_path.starts_with('/')) {
    return Error{Errc::kInvalid, "--web.telemetry-path must begin with \"/\""};
  }
  if (flags.log_level) {
    auto level = ParseLogLevel(*flags.log_level);
    if (!level) return std::move(level).error().Under("--log.level");
    settings.log.level = *level;
  }
  if (flags.log_format) {
    auto format = ParseLogFormat(*flags.log_format);
    if (!format) return std::move(format).error().Under("--log.format");
    settings.log.format = *format;
  }
  if (flags.promql_compat) {
    if (*flags.promql_compat != "v2" && *flags.promql_compat != "v3") {
      return Error{Errc::kInvalid,
                   "--promql.compat is v2 or v3, not \"" + *flags.promql_compat + "\""};
    }
    settings.query.compat_v2 = *flags.promql_compat == "v2";
  }
  return Unit{};
}

Result<Settings> ReadSettings(YamlFile file, const Flags& flags) {
  static const YamlNode kAbsent;
  Settings settings;
  settings.file = std::move(file);
  settings.notify = std::make_shared<const YamlNode>();
  const YamlFile& f = settings.file;
  YamlFields fields(f, *f.root, "the configuration");
  const auto section = [&](std::string_view key) -> const YamlNode& {
    const YamlNode* node = fields.Find(key);
    return node ? *node : kAbsent;
  };
  TRY(ReadGlobal(f, section("global"), settings));
  TRY(ReadWeb(f, section("web"), settings.web));
  TRY(ReadPaths(f, section("paths"), settings.paths));
  TRY(ReadStorage(f, section("storage"), settings.storage));
  TRY(ReadQuery(f, section("query"), settings.query));
  TRY(ReadLog(f, section("log"), settings.log));
  TRY(ReadCollectors(f, section("collectors"), flags, settings.collectors));
  TRY_ASSIGN(settings.extremes, ReadExtremes(f, section("extremes")));
  TRY(ReadRules(f, section("rules"), settings.rules));
  fields.Find("notify");
  for (const auto& [key, value] : f.root->entries) {
    if (key->scalar == "notify") settings.notify = value;
  }
  TRY(fields.Finish());
  if (!settings.storage.path.empty()) {
    settings.storage.path = RelativeTo(f.name, settings.storage.path);
  }
  TRY(ApplyFlags(flags, settings));
  return settings;
}

}  // namespace

Result<Settings> ParseSettings(std::string_view text, std::string name, const Flags& flags) {
  TRY_ASSIGN(YamlFile file, ParseYaml(text, std::move(name)));
  return ReadSettings(std::move(file), flags);
}

Result<Settings> LoadSettings(const Flags& flags) {
  if (!flags.config_file) return ParseSettings("", "defaults", flags);
  TRY_ASSIGN(YamlFile file, ReadYamlFile(*flags.config_file));
  return ReadSettings(std::move(file), flags);
}

}  // namespace tocsin
