#pragma once
// The `notify` section of tocsin.yml.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "notify/http_config.h"
#include "notify/queue.h"
#include "notify/secret.h"

namespace tocsin::notify {

struct AlertmanagerTarget {
  std::string name;  // unique among destinations, without secrets
  Secret url;
  HttpConfig http;
};

struct NotifyConfig {
  std::vector<AlertmanagerTarget> alertmanagers;
  QueueOptions queue;
};

///     notify:
///       alertmanagers:                  # every alert goes to each of them, by its v2 API
///         - http://127.0.0.1:9093
///         - url: https://am.example.org/prefix
///           authorization: { credentials_file: /etc/tocsin/am.token }
///       retry_for: 24h                  # how long an undelivered notification is tried again
///       max_queue: 10000                # notifications waiting for one destination
///
/// A null node is an empty section. Errors: kInvalid with position.
Result<NotifyConfig> ReadNotifyConfig(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin::notify
