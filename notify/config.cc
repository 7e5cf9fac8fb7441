#include "notify/config.h"

#include <algorithm>

#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

/// `url` may be a reference to the environment: then only its place in the list names it.
std::string TargetName(const std::string& url, const std::vector<AlertmanagerTarget>& so_far) {
  std::string name = "alertmanager ";
  name += url.starts_with("${") ? std::to_string(so_far.size()) : PublicUrl(url);
  const bool taken = std::any_of(so_far.begin(), so_far.end(),
                                 [&](const AlertmanagerTarget& t) { return t.name == name; });
  if (taken) name += " " + std::to_string(so_far.size());
  return name;
}

Result<Secret> ReadTargetUrl(const YamlFile& file, const YamlNode& node, const std::string& url) {
  if (url.starts_with("${") && url.ends_with("}")) {
    return Secret::Environment(url.substr(2, url.size() - 3));
  }
  TRY(CheckHttpUrl(file, node, url));
  if (HasPassword(url)) {
    return file.At(node,
                   "a password does not belong in this file: use basic_auth with "
                   "password_file");
  }
  return Secret::Literal(url);
}

Result<AlertmanagerTarget> ReadTarget(const YamlFile& file, const YamlNode& node,
                                      const std::vector<AlertmanagerTarget>& so_far) {
  AlertmanagerTarget target;
  if (node.IsScalar()) {
    TRY_ASSIGN(target.url, ReadTargetUrl(file, node, node.scalar));
    target.name = TargetName(node.scalar, so_far);
    return target;
  }
  if (!node.IsMap()) return file.At(node, "expected a URL, or a map with url");
  const YamlNode* url = node.Find("url");
  if (!url) return file.At(node, "an alertmanager needs \"url\"");
  TRY_ASSIGN(const std::string text, YamlString(file, *url));
  TRY_ASSIGN(target.url, ReadTargetUrl(file, *url, text));
  target.name = TargetName(text, so_far);
  YamlNode http = node;
  std::erase_if(http.entries, [](const auto& entry) { return entry.first->scalar == "url"; });
  TRY_ASSIGN(target.http, ReadHttpConfig(file, http, InlineSecrets::kRefused));
  return target;
}

/// `webhooks`: a route of its own to one receiver, which waits for nothing.
Result<Routing> ReadWebhooks(const YamlFile& file, const YamlNode& list,
                             const std::string& external_url) {
  constexpr std::string_view kReceiver = "webhooks";
  if (!list.IsSequence()) return file.At(list, "expected a list of webhooks");
  const GlobalSettings global;
  const tmpl::Library templates;
  const ReceiverContext context{global, templates, InlineSecrets::kRefused, external_url};
  auto config = std::make_shared<RoutingConfig>();
  config->root.key = "{}";
  config->root.receiver = kReceiver;
  config->root.group_by = {"alertname"};
  config->root.group_wait = milliseconds(0);
  config->root.group_interval = std::chrono::seconds(5);
  std::vector<Integration>& integrations = config->receivers[config->root.receiver];
  Routing routing;
  TRY(ReadItems(file, list, [&](const YamlNode& node) -> Status {
    YamlFields keys(file, node, "webhook");
    ReceiverFields fields(keys, context);
    Integration integration;
    TRY_ASSIGN(integration.send_resolved, fields.Flag("send_resolved", true));
    TRY_ASSIGN(std::unique_ptr<Notifier> notifier, ReadWebhook(fields));
    TRY(keys.Finish());
    integration.destination =
        std::string(kReceiver) + "/webhook[" + std::to_string(integrations.size()) + "]";
    routing.destinations.push_back({integration.destination, std::move(notifier)});
    integrations.push_back(std::move(integration));
    return Unit{};
  }));
  routing.config = std::move(config);
  return routing;
}

/// From a file of its own, or from the section.
Result<Routing> ReadRoutingOf(YamlFields& fields, const NotifyConfigOptions& options) {
  const YamlFile& file = fields.file();
  if (const YamlNode* webhooks = fields.Find("webhooks")) {
    for (const std::string_view key : {"route", "config_file"}) {
      if (const YamlNode* node = fields.Find(key)) {
        return file.At(*node, "webhooks are a route of their own: put them into receivers instead");
      }
    }
    return ReadWebhooks(file, *webhooks, options.external_url);
  }
  std::string path = options.config_file;
  if (const YamlNode* own = fields.Find("config_file"); own && path.empty()) {
    TRY_ASSIGN(path, YamlString(file, *own));
    path = ResolvePath(file, path);
  }
  if (path.empty()) {
    return ReadRouting(fields, InlineSecrets::kRefused, options.external_url, options.identity);
  }
  for (const std::string_view key : RoutingKeys()) {
    if (const YamlNode* node = fields.Find(key)) {
      return file.At(*node, std::string(key) + " stands in " + path + " already");
    }
  }
  TRY_ASSIGN(const YamlFile own_file, ReadYamlFileOf(file, path));
  YamlFields own_fields(own_file, *own_file.root, "the Alertmanager configuration");
  TRY_ASSIGN(Routing routing, ReadRouting(own_fields, InlineSecrets::kAllowed, options.external_url,
                                          options.identity));
  TRY(own_fields.Finish());
  if (!routing.config) return own_file.At(*own_file.root, "there is no route");
  return routing;
}

Result<PageSettings> ReadPage(const YamlFile& file, const YamlNode& node) {
  PageSettings page;
  YamlFields fields(file, node, "page");
  TRY_ASSIGN(page.acknowledge_links, fields.Read("acknowledge_link", YamlBool, false));
  TRY_ASSIGN(page.context.sparkline, fields.Read("sparkline", YamlBool, false));
  TRY_ASSIGN(page.context.processes, fields.Read("processes", YamlBool, false));
  TRY(fields.Finish());
  return page;
}

Result<std::size_t> ReadMaxQueue(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::int64_t count, YamlInt(file, node));
  if (count < 1 || count > 1'000'000) return file.At(node, "max_queue is 1 to 1000000");
  return static_cast<std::size_t>(count);
}

}  // namespace

Result<NotifyConfig> ReadNotifyConfig(const YamlFile& file, const YamlNode& node,
                                      const NotifyConfigOptions& options) {
  NotifyConfig config;
  YamlFields fields(file, node, "notify");
  if (const YamlNode* targets = fields.Find("alertmanagers")) {
    if (!targets->IsSequence()) return file.At(*targets, "expected a list of alertmanagers");
    TRY(ReadItems(file, *targets, [&](const YamlNode& target) -> Status {
      TRY_ASSIGN(AlertmanagerTarget read, ReadTarget(file, target, config.alertmanagers));
      config.alertmanagers.push_back(std::move(read));
      return Unit{};
    }));
  }
  auto routing = ReadRoutingOf(fields, options);
  if (routing) {
    config.routing = *std::move(routing);
  } else {
    TRY(file.Keep(std::move(routing).error()));
    for (const std::string_view key : RoutingKeys()) fields.Find(key);
  }
  TRY_ASSIGN(config.page, fields.Read("page", ReadPage, PageSettings{}));
  config.page.external_url = options.external_url;
  config.identity = options.identity;
  TRY_ASSIGN(config.heartbeat, fields.Read("heartbeat", ReadHeartbeat, HeartbeatSettings{}));
  if (const std::string& name = config.heartbeat.receiver; !name.empty()) {
    const auto& routes = config.routing.config;
    const bool known = routes && routes->receivers.count(name);
    // Routes that could not be read may well have it.
    if (!known && (routes || !file.errors || file.errors->found.empty())) {
      return file.At(*node.Find("heartbeat"), "there is no receiver \"" + name + "\"");
    }
  }
  TRY_ASSIGN(config.queue.retry_for,
             fields.Read("retry_for", YamlDuration, config.queue.retry_for));
  TRY_ASSIGN(config.queue.max_messages,
             fields.Read("max_queue", ReadMaxQueue, config.queue.max_messages));
  TRY(fields.Finish());
  return config;
}

}  // namespace tocsin::notify
