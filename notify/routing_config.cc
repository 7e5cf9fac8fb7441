#include "notify/routing_config.h"

#include <array>

#include "base/parse.h"
#include "notify/catalog.h"
#include "notify/default_templates.h"
#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

constexpr std::array<std::string_view, 7> kKeys{
    "global",         "templates",           "route",     "inhibit_rules",
    "time_intervals", "mute_time_intervals", "receivers",
};

// Settings of receivers that are not supported: known, so that an existing file loads.
constexpr std::string_view kUnusedGlobals[] = {
    "resolve_timeout", "victorops_api_url", "victorops_api_key",  "victorops_api_key_file",
    "wechat_api_url",  "wechat_api_secret", "wechat_api_corp_id", "webex_api_url",
};

Result<std::string> ReadUrl(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(std::string url, YamlString(file, node));
  TRY(CheckHttpUrl(file, node, url));
  return url;
}

/// What was read before an error stays in `global`.
Status ReadGlobal(const YamlFile& file, const YamlNode& node, InlineSecrets inline_secrets,
                  GlobalSettings& global) {
  YamlFields fields(file, node, "global");
  if (const YamlNode* http = fields.Find("http_config")) {
    auto read = ReadHttpConfig(file, *http, inline_secrets);
    if (read) {
      global.http = *std::move(read);
    } else {
      TRY(file.Keep(std::move(read).error()));
    }
  }
  TRY_ASSIGN(global.smtp_smarthost, fields.Read("smtp_smarthost", YamlString, ""));
  TRY_ASSIGN(global.smtp_from, fields.Read("smtp_from", YamlString, ""));
  TRY_ASSIGN(global.smtp_hello, fields.Read("smtp_hello", YamlString, global.smtp_hello));
  TRY_ASSIGN(global.smtp_user, fields.Read("smtp_auth_username", YamlString, ""));
  TRY(fields.Read("smtp_auth_identity", YamlString, ""));
  TRY_ASSIGN(global.smtp_password, ReadSecret(fields, "smtp_auth_password", inline_secrets));
  TRY_ASSIGN(global.smtp_secret, ReadSecret(fields, "smtp_auth_secret", inline_secrets));
  TRY_ASSIGN(global.smtp_require_tls, fields.Read("smtp_require_tls", YamlBool, true));
  TRY_ASSIGN(global.slack_url, ReadSecret(fields, "slack_api_url", inline_secrets));
  TRY_ASSIGN(global.pagerduty_url, fields.Read("pagerduty_url", ReadUrl, global.pagerduty_url));
  TRY_ASSIGN(global.opsgenie_key, ReadSecret(fields, "opsgenie_api_key", inline_secrets));
  TRY_ASSIGN(global.opsgenie_url, fields.Read("opsgenie_api_url", ReadUrl, global.opsgenie_url));
  TRY_ASSIGN(global.telegram_url, fields.Read("telegram_api_url", ReadUrl, global.telegram_url));
  for (const std::string_view key : kUnusedGlobals) fields.Find(key);
  return fields.Finish();
}

/// What was read before an error stays in `library`.
Status ReadTemplates(const YamlFile& file, const YamlNode* node, tmpl::Library& library) {
  std::vector<tmpl::Library::File> files{{"default.tmpl", std::string(DefaultTemplates())}};
  TRY_ASSIGN(library, tmpl::Library::Parse(files, tmpl::AlertmanagerFunctions()));
  if (!node) return Unit{};
  TRY_ASSIGN(std::vector<std::string> globs, YamlStrings(file, *node));
  for (std::string& glob : globs) glob = ResolvePath(file, glob);
  TRY_ASSIGN(const std::vector<tmpl::Library::File> own, tmpl::ReadTemplateGlobs(globs));
  if (!file.errors) {
    auto with = library.With(own, tmpl::AlertmanagerFunctions());
    if (!with) return file.At(*node, with.error().message());
    library = *std::move(with);
    return Unit{};
  }
  for (const tmpl::Library::File& one : own) {
    auto with = library.With({&one, 1}, tmpl::AlertmanagerFunctions());
    if (with) {
      library = *std::move(with);
    } else {
      file.errors->Note(std::move(with).error());
    }
  }
  return Unit{};
}

/// The receivers' destinations as they are found.
class ReceiverReader {
 public:
  ReceiverReader(const YamlFile& file, const ReceiverContext& context, RoutingConfig& config)
      : file_(file), context_(context), config_(config) {}

  Status Read(const YamlNode& node) {
    YamlFields fields(file_, node, "receiver");
    TRY_ASSIGN(const std::string name, fields.ReadRequired("name", YamlString));
    auto [entry, is_new] = config_.receivers.try_emplace(name);
    if (!is_new) return file_.At(node, "the receiver \"" + name + "\" stands twice");
    for (const std::string_view key : UnsupportedReceiverKeys()) {
      if (const YamlNode* found = fields.Find(key)) {
        TRY(file_.Keep(file_.At(*found, std::string(key) +
                                            " is not supported; use webhook_configs or "
                                            "exec_configs instead")));
      }
    }
    for (const ReceiverKind& kind : ReceiverCatalog()) {
      const YamlNode* list = fields.Find(kind.key);
      if (!list) continue;
      if (!list->IsSequence()) {
        TRY(file_.Keep(file_.At(*list, std::string(kind.key) + " is a list")));
        continue;
      }
      std::size_t index = 0;
      TRY(ReadItems(file_, *list, [&, &integrations = entry->second](const YamlNode& one) {
        return ReadOne(kind, name, index++, one, integrations);
      }));
    }
    return fields.Finish();
  }

  std::vector<ReceiverDestination> destinations;

 private:
  Status ReadOne(const ReceiverKind& kind, const std::string& receiver, std::size_t index,
                 const YamlNode& node, std::vector<Integration>& integrations) {
    YamlFields keys(file_, node, kind.key);
    ReceiverFields fields(keys, context_);
    Integration integration;
    integration.expires = kind.expires;
    TRY_ASSIGN(integration.send_resolved, fields.Flag("send_resolved", kind.send_resolved));
    TRY_ASSIGN(std::unique_ptr<Notifier> notifier, kind.read(fields));
    TRY(keys.Finish());
    integration.destination =
        receiver + "/" + std::string(kind.name) + "[" + std::to_string(index) + "]";
    destinations.push_back({integration.destination, std::move(notifier)});
    integrations.push_back(std::move(integration));
    return Unit{};
  }

  const YamlFile& file_;
  const ReceiverContext& context_;
  RoutingConfig& config_;
};

Status ReadInto(const YamlFile& file, const YamlNode& node, std::vector<TimeInterval>& intervals) {
  TRY_ASSIGN(TimeInterval interval, ReadTimeInterval(file, node));
  intervals.push_back(std::move(interval));
  return Unit{};
}

Status ReadIntervals(const YamlFile& file, const YamlNode& node, RoutingConfig& config) {
  if (!node.IsSequence()) return file.At(node, "expected a list of time intervals");
  return ReadItems(file, node, [&](const YamlNode& item) -> Status {
    YamlFields fields(file, item, "time interval");
    TRY_ASSIGN(const std::string name, fields.ReadRequired("name", YamlString));
    auto [entry, is_new] = config.time_intervals.try_emplace(name);
    if (!is_new) return file.At(item, "the time interval \"" + name + "\" stands twice");
    const YamlNode* intervals = fields.Find("time_intervals");
    TRY(fields.Finish());
    if (!intervals) return Unit{};
    if (!intervals->IsSequence()) return file.At(*intervals, "time_intervals is a list");
    return ReadItems(file, *intervals, [&, &read = entry->second](const YamlNode& interval) {
      return ReadInto(file, interval, read);
    });
  });
}

std::string NearestOf(std::string_view word, const auto& known) {
  std::vector<std::string_view> names;
  names.reserve(known.size());
  for (const auto& [name, value] : known) names.push_back(name);
  const auto nearest = NearestWord(word, names);
  return nearest ? ": did you mean \"" + std::string(*nearest) + "\"?" : "";
}

/// What a route names must exist.
Status CheckNames(const YamlFile& file, const YamlNode& node, const Route& route,
                  const RoutingConfig& config) {
  const auto check = [&](const std::string& name, const auto& known, std::string_view what,
                         const YamlNode& at) -> Status {
    if (known.count(name)) return Unit{};
    return file.Keep(file.At(
        at, "there is no " + std::string(what) + " \"" + name + "\"" + NearestOf(name, known)));
  };
  const auto place = [&](std::string_view key) -> const YamlNode& {
    const YamlNode* value = node.Find(key);
    return value && !value->IsNull() ? *value : node;
  };
  // What a route has from its parent was checked there.
  if (node.Find("receiver")) {
    TRY(check(route.receiver, config.receivers, "receiver", place("receiver")));
  }
  if (const YamlNode* steps = node.Find("escalate"); steps) {
    for (const EscalationStep& step : route.escalate) {
      TRY(check(step.receiver, config.receivers, "receiver to escalate to,", *steps));
    }
  }
  for (const auto& name : route.mute_time_intervals) {
    TRY(check(name, config.time_intervals, "time interval", place("mute_time_intervals")));
  }
  for (const auto& name : route.active_time_intervals) {
    TRY(check(name, config.time_intervals, "time interval", place("active_time_intervals")));
  }
  const YamlNode* children = node.Find("routes");
  for (std::size_t i = 0; i < route.routes.size(); ++i) {
    TRY(CheckNames(file, *children->items[i], route.routes[i], config));
  }
  return Unit{};
}

}  // namespace

std::span<const std::string_view> RoutingKeys() { return kKeys; }

Result<Routing> ReadRouting(YamlFields& fields, InlineSecrets inline_secrets,
                            const std::string& external_url, const Labels& identity) {
  const YamlFile& file = fields.file();
  const YamlNode nothing;
  const YamlNode* global_node = fields.Find("global");
  const YamlNode* templates_node = fields.Find("templates");
  const YamlNode* route = fields.Find("route");
  const YamlNode* receivers = fields.Find("receivers");
  const YamlNode* inhibit_rules = fields.Find("inhibit_rules");
  auto config = std::make_shared<RoutingConfig>();
  for (const std::string_view key : {"time_intervals", "mute_time_intervals"}) {
    const YamlNode* node = fields.Find(key);
    if (node) TRY(file.Keep(ReadIntervals(file, *node, *config)));
  }
  GlobalSettings global;
  TRY(file.Keep(ReadGlobal(file, global_node ? *global_node : nothing, inline_secrets, global)));
  tmpl::Library templates;
  TRY(file.Keep(ReadTemplates(file, templates_node, templates)));
  const ReceiverContext context{global, templates, inline_secrets, external_url,
                                identity.empty() ? "" : identity.ToString()};
  ReceiverReader reader(file, context, *config);
  if (receivers) {
    if (!receivers->IsSequence()) return file.At(*receivers, "receivers is a list");
    TRY(ReadItems(file, *receivers, [&](const YamlNode& node) { return reader.Read(node); }));
  }
  if (inhibit_rules) {
    if (!inhibit_rules->IsSequence()) return file.At(*inhibit_rules, "inhibit_rules is a list");
    TRY(ReadItems(file, *inhibit_rules, [&](const YamlNode& node) -> Status {
      TRY_ASSIGN(InhibitRule rule, ReadInhibitRule(file, node));
      config->inhibit_rules.push_back(std::move(rule));
      return Unit{};
    }));
  }
  if (!route) {
    if (receivers) return file.At(*receivers, "receivers need a \"route\" that leads to them");
    return Routing{};
  }
  TRY_ASSIGN(config->root, ReadRoute(file, *route));
  TRY(CheckNames(file, *route, config->root, *config));
  return Routing{std::move(config), std::move(reader.destinations)};
}

}  // namespace tocsin::notify
