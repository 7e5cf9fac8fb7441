#pragma once
// The `notify` section of tocsin.yml.

#include <string>
#include <vector>

#include "base/outgoing/http_config.h"
#include "base/outgoing/secret.h"
#include "base/result.h"
#include "base/yaml.h"
#include "notify/heartbeat.h"
#include "notify/page_context.h"
#include "notify/queue.h"
#include "notify/routing_config.h"

namespace tocsin::notify {

struct AlertmanagerTarget {
  std::string name;  // unique among destinations, without secrets
  Secret url;
  HttpConfig http;
};

/// What pages carry besides what rules say.
struct PageSettings {
  std::string external_url;
  bool acknowledge_links = false;
  ContextSettings context;
};

struct NotifyConfig {
  std::vector<AlertmanagerTarget> alertmanagers;
  Routing routing;  // without a config: nothing is routed here
  QueueOptions queue;
  PageSettings page;
  HeartbeatSettings heartbeat;
  Labels identity;  // of this host, for the heartbeat
};

/// What is not in the section itself.
struct NotifyConfigOptions {
  std::string external_url = {};  // of the agent's own pages, for links
  std::string config_file = {};   // --notify.config; instead of the section's own config_file
  Labels identity = {};           // of this host
};

///     notify:
///       alertmanagers:                  # every alert goes to each of them, by its v2 API
///         - http://127.0.0.1:9093
///         - url: https://am.example.org/prefix
///           authorization: { credentials_file: /etc/tocsin/am.token }
///       webhooks:                       # every alert goes to each of these too, in Alertmanager's
///         - url: http://127.0.0.1:5001    # payload, grouped by alertname; instead of a route
///       config_file: alertmanager.yml   # an existing Alertmanager configuration, unchanged …
///       route: { receiver: team }       # … or its sections right here: global, templates, route,
///       receivers:                      # inhibit_rules, time_intervals, receivers
///         - name: team
///           webhook_configs: [{ url_file: /etc/tocsin/webhook.url }]
///       page:                           # what pages carry besides what rules say
///         acknowledge_link: true          # a signed link
///         sparkline: true                 # the value's last hour
///         processes: true                 # the top ones, for CPU and memory
///       heartbeat:                      # a dead man's switch: to a URL, or to a receiver
///         every: 1m
///         url_file: /etc/tocsin/heartbeat.url
///       retry_for: 24h                  # how long an undelivered notification is tried again
///       max_queue: 10000                # notifications waiting for one destination
///
/// A null node is an empty section. Besides Alertmanager's receivers there are ntfy_configs,
/// exec_configs and alertmanager_configs. Secrets stand in files (KEY_file) or in the environment
/// (${NAME}); only a separate config_file may contain them. Errors: kInvalid with position; kIo.
Result<NotifyConfig> ReadNotifyConfig(const YamlFile& file, const YamlNode& node,
                                      const NotifyConfigOptions& options);

}  // namespace tocsin::notify
