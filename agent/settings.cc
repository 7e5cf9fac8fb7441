#include "agent/settings.h"

#include <algorithm>
#include <utility>

#include "agent/telemetry_path.h"
#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "collectors/catalog.h"
#include "metrics/names.h"

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

Result<milliseconds> ReadPositiveDuration(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const milliseconds duration, YamlDuration(file, node));
  if (duration <= milliseconds(0)) return file.At(node, "expected a duration above 0");
  return duration;
}

/// A size or number.
Result<std::uint64_t> ReadPositive(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::uint64_t number, YamlBytes(file, node));
  if (number == 0) return file.At(node, "expected a number above 0");
  return number;
}

Result<Labels> ReadLabels(const YamlFile& file, const YamlNode& node) {
  if (!node.IsMap()) return file.At(node, "expected a map of label names to values");
  LabelsBuilder labels;
  for (const auto& [key, value] : node.entries) {
    if (!IsLabelName(key->scalar)) {
      // An Alertmanager refuses every alert that has it.
      TRY(file.Keep(file.At(*key, "\"" + key->scalar + "\" cannot be the name of a label")));
      continue;
    }
    auto text = YamlString(file, *value);
    if (text) {
      labels.Set(key->scalar, *text);
    } else {
      TRY(file.Keep(std::move(text).error()));
    }
  }
  return labels.Build();
}

Status ReadGlobal(const YamlFile& file, const YamlNode& node, Settings& settings) {
  YamlFields fields(file, node, "global");
  TRY(ReadInto(fields, "evaluation_interval", ReadPositiveDuration,
               settings.rules.evaluation_interval));
  TRY(ReadInto(fields, "instance", YamlString, settings.instance));
  TRY(ReadInto(fields, "job", YamlString, settings.job));
  TRY(ReadInto(fields, "external_labels", ReadLabels, settings.external_labels));
  return fields.Finish();
}

Result<std::vector<std::string>> ReadAddresses(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(std::vector<std::string> addresses, YamlStrings(file, node));
  if (addresses.empty()) return file.At(node, "listen_addresses must name at least one");
  return addresses;
}

/// Links with another one in them are no addresses, and an Alertmanager refuses their alerts.
Result<std::string> ReadExternalUrl(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(std::string url, YamlString(file, node));
  if (!url.empty()) TRY(outgoing::CheckHttpUrl(file, node, url));
  return url;
}

Result<std::string> ReadUrlPath(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(std::string path, YamlString(file, node));
  if (const Status good = CheckTelemetryPath(path); !good) {
    return file.At(node, good.error().message());
  }
  return path;
}

Status ReadWeb(const YamlFile& file, const YamlNode& node, WebSettings& web) {
  YamlFields fields(file, node, "web");
  TRY(ReadInto(fields, "listen_addresses", ReadAddresses, web.listen_addresses));
  TRY(ReadInto(fields, "telemetry_path", ReadUrlPath, web.telemetry_path));
  TRY(ReadInto(fields, "external_url", ReadExternalUrl, web.external_url));
  TRY(ReadInto(fields, "cors_origin", YamlString, web.cors_origin));
  TRY(ReadInto(fields, "config_file", YamlString, web.config_file));
  if (!web.config_file.empty()) web.config_file = RelativeTo(file.name, web.config_file);
  return fields.Finish();
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
  TRY(ReadInto(fields, "retention", ReadPositiveDuration, storage.retention));
  TRY(ReadInto(fields, "max_bytes", ReadPositive, storage.max_bytes));
  TRY(ReadInto(fields, "max_series", ReadPositive, storage.max_series));
  TRY(ReadInto(fields, "max_series_per_collector", ReadPositive, storage.max_series_per_collector));
  return fields.Finish();
}

Result<bool> ReadIsCompatV2(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string version, YamlString(file, node));
  if (version != "v2" && version != "v3") {
    return file.At(node, "promql_compat is v2 or v3, not \"" + version + "\"");
  }
  return version == "v2";
}

Status ReadQuery(const YamlFile& file, const YamlNode& node, QuerySettings& query) {
  YamlFields fields(file, node, "query");
  TRY(ReadInto(fields, "timeout", ReadPositiveDuration, query.timeout));
  TRY(ReadInto(fields, "lookback", ReadPositiveDuration, query.lookback));
  TRY(ReadInto(fields, "max_samples", ReadPositive, query.max_samples));
  TRY(ReadInto(fields, "max_concurrency", ReadPositive, query.max_concurrency));
  TRY(ReadInto(fields, "cache_max_bytes", YamlBytes, query.cache_max_bytes));
  TRY(ReadInto(fields, "cache_ttl", YamlDuration, query.cache_ttl));
  TRY(ReadInto(fields, "promql_compat", ReadIsCompatV2, query.compat_v2));
  return fields.Finish();
}

template <class T, Result<T> (*parse)(std::string_view)>
Result<T> ReadWord(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string word, YamlString(file, node));
  auto parsed = parse(word);
  if (!parsed) return file.At(node, parsed.error().message());
  return parsed;
}

Status ReadLog(const YamlFile& file, const YamlNode& node, LogSettings& log) {
  YamlFields fields(file, node, "log");
  TRY(ReadInto(fields, "level", ReadWord<LogLevel, ParseLogLevel>, log.level));
  TRY(ReadInto(fields, "format", ReadWord<LogFormat, ParseLogFormat>, log.format));
  return fields.Finish();
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

Result<milliseconds> ReadInterval(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const milliseconds interval, YamlDuration(file, node));
  if (interval < kMinInterval) return file.At(node, "an interval is at least 100ms");
  return interval;
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
    TRY(ReadInto(common, "interval", ReadInterval, collector.interval));
    TRY(ReadInto(common, "timeout", YamlDuration, collector.timeout));
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
    auto collector = ReadCollector(file, fields.Find(entry.name), entry, flags);
    if (collector) {
      collectors.push_back(*std::move(collector));
    } else {
      TRY(file.Keep(std::move(collector).error()));
    }
  }
  return fields.Finish();
}

Result<double> ReadTimeScale(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const double scale, YamlDouble(file, node));
  if (!(scale >= 1 && scale <= 1000)) {
    return file.At(node, "expected leak_time_scale from 1 to 1000");
  }
  return scale;
}

Status ReadRules(const YamlFile& file, const YamlNode& node, RuleSettings& rules) {
  YamlFields fields(file, node, "rules");
  TRY(ReadInto(fields, "files", YamlStrings, rules.files));
  TRY(ReadInto(fields, "settling", YamlDuration, rules.settling));
  TRY(ReadInto(fields, "leak_time_scale", ReadTimeScale, rules.leak_time_scale));
  TRY(fields.Finish());
  for (std::string& path : rules.files) path = RelativeTo(file.name, path);
  return Unit{};
}

void Override(const std::optional<std::string>& flag, std::string& setting) {
  if (flag) setting = *flag;
}

void ApplyFlags(const Flags& flags, Settings& settings, YamlErrors& errors) {
  if (!flags.listen_addresses.empty()) settings.web.listen_addresses = flags.listen_addresses;
  Override(flags.telemetry_path, settings.web.telemetry_path);
  Override(flags.external_url, settings.web.external_url);
  if (const auto& url = flags.external_url; url && !url->empty() && !outgoing::IsHttpUrl(*url)) {
    errors.Note({Errc::kInvalid, "--web.external-url must begin with http:// or https://"});
  }
  Override(flags.web_config_file, settings.web.config_file);
  Override(flags.procfs, settings.paths.procfs);
  Override(flags.sysfs, settings.paths.sysfs);
  Override(flags.rootfs, settings.paths.rootfs);
  Override(flags.udev_data, settings.paths.udev_data);
  Override(flags.storage_path, settings.storage.path);
  if (flags.telemetry_path) {
    if (Status good = CheckTelemetryPath(*flags.telemetry_path); !good) {
      errors.Note(std::move(good).error().Under("--web.telemetry-path"));
    }
  }
  if (flags.log_level) {
    if (auto level = ParseLogLevel(*flags.log_level)) {
      settings.log.level = *level;
    } else {
      errors.Note(std::move(level).error().Under("--log.level"));
    }
  }
  if (flags.log_format) {
    if (auto format = ParseLogFormat(*flags.log_format)) {
      settings.log.format = *format;
    } else {
      errors.Note(std::move(format).error().Under("--log.format"));
    }
  }
  if (flags.promql_compat) {
    if (*flags.promql_compat != "v2" && *flags.promql_compat != "v3") {
      errors.Note(
          {Errc::kInvalid, "--promql.compat is v2 or v3, not \"" + *flags.promql_compat + "\""});
    }
    settings.query.compat_v2 = *flags.promql_compat == "v2";
  }
}

/// Errors are noted in the file's.
Settings ReadSettings(YamlFile file, const Flags& flags) {
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
  const auto keep = [&](Status status) {
    if (!status) f.errors->Note(std::move(status).error());
  };
  keep(ReadGlobal(f, section("global"), settings));
  keep(ReadWeb(f, section("web"), settings.web));
  keep(ReadPaths(f, section("paths"), settings.paths));
  keep(ReadStorage(f, section("storage"), settings.storage));
  keep(ReadQuery(f, section("query"), settings.query));
  keep(ReadLog(f, section("log"), settings.log));
  keep(ReadCollectors(f, section("collectors"), flags, settings.collectors));
  if (auto extremes = ReadExtremes(f, section("extremes"))) {
    settings.extremes = *std::move(extremes);
  } else {
    keep(std::move(extremes).error());
  }
  keep(ReadRules(f, section("rules"), settings.rules));
  fields.Find("notify");
  for (const auto& [key, value] : f.root->entries) {
    if (key->scalar == "notify") settings.notify = value;
  }
  keep(fields.Finish());
  if (!settings.storage.path.empty()) {
    settings.storage.path = RelativeTo(f.name, settings.storage.path);
  }
  ApplyFlags(flags, settings, *f.errors);
  return settings;
}

/// One that is good, or everything that is wrong with it.
Result<Settings> Judged(Settings settings) {
  const auto errors = std::exchange(settings.file.errors, nullptr);
  if (!errors->found.empty()) return Joined(InFileOrder(std::move(errors->found)));
  return settings;
}

}  // namespace

Result<Settings> ParseSettings(std::string_view text, std::string name, const Flags& flags) {
  TRY_ASSIGN(YamlFile file, ParseYaml(text, std::move(name)));
  file.errors = std::make_shared<YamlErrors>();
  return Judged(ReadSettings(std::move(file), flags));
}

Result<Settings> LoadSettings(const Flags& flags, std::shared_ptr<YamlErrors> errors) {
  YamlFile file;
  if (flags.config_file) {
    TRY_ASSIGN(file, ReadYamlFile(*flags.config_file));
  } else {
    TRY_ASSIGN(file, ParseYaml("", "defaults"));
  }
  file.errors = std::move(errors);
  return ReadSettings(std::move(file), flags);
}

Result<Settings> LoadSettings(const Flags& flags) {
  TRY_ASSIGN(Settings settings, LoadSettings(flags, std::make_shared<YamlErrors>()));
  return Judged(std::move(settings));
}

}  // namespace tocsin
