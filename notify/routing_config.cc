#include "notify/routing_config.h"

#include <array>

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

Result<GlobalSettings> ReadGlobal(const YamlFile& file, const YamlNode& node,
                                  InlineSecrets inline_secrets) {
  GlobalSettings global;
  YamlFields fields(file, node, "global");
  if (const YamlNode* http = fields.Find("http_config")) {
    TRY_ASSIGN(global.http, ReadHttpConfig(file, *http, inline_secrets));
  }
  TRY_ASSIGN(global.smtp_smarthost, fields.Read("smtp_smarthost", YamlString, ""));
  TRY_ASSIGN(global.smtp_from, fields.Read("smtp_from", YamlString, ""));
  TRY_ASSIGN(global.smtp_hello, fields.Read("smtp_hello", YamlString, global.smtp_hello));
  TRY_ASSIGN(global.smtp_user, fields.Read("smtp_auth_username", YamlString, ""));
  TRY(fields.Read("smtp_auth_identity", YamlString, ""));
  TRY_ASSIGN(global.smtp_password, ReadSecret(fields, "smtp_auth_password", inline_secrets));
  TRY_ASSIGN(const Secret cram_secret, ReadSecret(fields, "smtp_auth_secret", inline_secrets));
  if (global.smtp_password.empty()) global.smtp_password = cram_secret;
  TRY_ASSIGN(global.smtp_require_tls, fields.Read("smtp_require_tls", YamlBool, true));
  TRY_ASSIGN(global.slack_url, ReadSecret(fields, "slack_api_url", inline_secrets));
  TRY_ASSIGN(global.pagerduty_url, fields.Read("pagerduty_url", ReadUrl, global.pagerduty_url));
  TRY_ASSIGN(global.opsgenie_key, ReadSecret(fields, "opsgenie_api_key", inline_secrets));
  TRY_ASSIGN(global.opsgenie_url, fields.Read("opsgenie_api_url", ReadUrl, global.opsgenie_url));
  TRY_ASSIGN(global.telegram_url, fields.Read("telegram_api_url", ReadUrl, global.telegram_url));
  for (const std::string_view key : kUnusedGlobals) fields.Find(key);
  TRY(fields.Finish());
  return global;
}

Result<tmpl::Library> ReadTemplates(const YamlFile& file, const YamlNode* node) {
  std::vector<tmpl::Library::File> files{{"default.tmpl", std::string(DefaultTemplates())}};
  TRY_ASSIGN(tmpl::Library library, tmpl::Library::Parse(files, tmpl::AlertmanagerFunctions()));
  if (!node) return library;
  TRY_ASSIGN(std::vector<std::string> globs, YamlStrings(file, *node));
  for (std::string& glob : globs) glob = ResolvePath(file, glob);
  TRY_ASSIGN(const std::vector<tmpl::Library::File> own, tmpl::ReadTemplateGlobs(globs));
  auto with = library.With(own, tmpl::AlertmanagerFunctions());
  if (!with) return file.At(*node, with.error().message());
  return with;
}

/// The receivers' destinations as they are found.
class ReceiverReader {
 public:
  ReceiverReader(const YamlFile& file, const ReceiverContext& context, RoutingConfig& config)
      : file_(file), context_(context), config_(config) {}

  Status Read(const YamlNode& node) {
    YamlFields fields(file_, node, "receiver");
    TRY_ASSIGN(const std::string name, fields.ReadRequired("name", YamlString));
    for (const std::string_view key : UnsupportedReceiverKeys()) {
      if (const YamlNode* found = fields.Find(key)) {
        return file_.At(*found, std::string(key) +
                                    " is not supported; use webhook_configs or "
                                    "exec_configs instead");
      }
    }
    auto [entry, is_new] = config_.receivers.try_emplace(name);
    if (!is_new) return file_.At(node, "the receiver \"" + name + "\" stands twice");
    for (const ReceiverKind& kind : ReceiverCatalog()) {
      const YamlNode* list = fields.Find(kind.key);
      if (!list) continue;
      if (!list->IsSequence()) return file_.At(*list, std::string(kind.key) + " is a list");
      for (std::size_t i = 0; i < list->items.size(); ++i) {
        TRY(ReadOne(kind, name, i, *list->items[i], entry->second));
      }
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

Status ReadIntervals(const YamlFile& file, const YamlNode& node, RoutingConfig& config) {
  if (!node.IsSequence()) return file.At(node, "expected a list of time intervals");
  for (const YamlNode::Ptr& item : node.items) {
    YamlFields fields(file, *item, "time interval");
    TRY_ASSIGN(const std::string name, fields.ReadRequired("name", YamlString));
    auto [entry, is_new] = config.time_intervals.try_emplace(name);
    if (!is_new) return file.At(*item, "the time interval \"" + name + "\" stands twice");
    const YamlNode* intervals = fields.Find("time_intervals");
    TRY(fields.Finish());
    if (!intervals) continue;
    if (!intervals->IsSequence()) return file.At(*intervals, "time_intervals is a list");
    for (const YamlNode::Ptr& interval : intervals->items) {
      TRY_ASSIGN(TimeInterval read, ReadTimeInterval(file, *interval));
      entry->second.push_back(std::move(read));
    }
  }
  return Unit{};
}

/// What a route names must exist.
Status CheckNames(const YamlFile& file, const YamlNode& node, const Route& route,
                  const RoutingConfig& config) {
  if (!config.receivers.count(route.receiver)) {
    return file.At(node, "there is no receiver \"" + route.receiver + "\"");
  }
  for (const EscalationStep& step : route.escalate) {
    if (!config.receivers.count(step.receiver)) {
      return file.At(node, "there is no receiver \"" + step.receiver + "\" to escalate to");
    }
  }
  for (const auto* names : {&route.mute_time_intervals, &route.active_time_intervals}) {
    for (const std::string& name : *names) {
      if (!config.time_intervals.count(name)) {
        return file.At(node, "there is no time interval \"" + name + "\"");
      }
    }
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
                            const std::string& external_url) {
  const YamlFile& file = fields.file();
  const YamlNode nothing;
  const YamlNode* global_node = fields.Find("global");
  const YamlNode* templates_node = fields.Find("templates");
  const YamlNode* route = fields.Find("route");
  const YamlNode* receivers = fields.Find("receivers");
  const YamlNode* inhibit_rules = fields.Find("inhibit_rules");
  auto config = std::make_shared<RoutingConfig>();
  for (const std::string_view key : {"time_intervals", "mute_time_intervals"}) {
    if (const YamlNode* node = fields.Find(key)) TRY(ReadIntervals(file, *node, *config));
  }
  TRY_ASSIGN(const GlobalSettings global,
             ReadGlobal(file, global_node ? *global_node : nothing, inline_secrets));
  TRY_ASSIGN(const tmpl::Library templates, ReadTemplates(file, templates_node));
  const ReceiverContext context{global, templates, inline_secrets, external_url};
  ReceiverReader reader(file, context, *config);
  if (receivers) {
    if (!receivers->IsSequence()) return file.At(*receivers, "receivers is a list");
    for (const YamlNode::Ptr& receiver : receivers->items) TRY(reader.Read(*receiver));
  }
  if (inhibit_rules) {
    if (!inhibit_rules->IsSequence()) return file.At(*inhibit_rules, "inhibit_rules is a list");
    for (const YamlNode::Ptr& node : inhibit_rules->items) {
      TRY_ASSIGN(InhibitRule rule, ReadInhibitRule(file, *node));
      config->inhibit_rules.push_back(std::move(rule));
    }
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
