#pragma once
// Alertmanager's configuration file: routes, inhibition, time intervals, receivers, templates.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/outgoing/http_config.h"
#include "base/result.h"
#include "base/yaml.h"
#include "notify/notifier.h"
#include "notify/route/groups.h"

namespace tocsin::notify {

/// A destination that a receiver names: "team-x/slack[0]".
struct ReceiverDestination {
  std::string name;
  std::shared_ptr<const Notifier> notifier;
};

struct Routing {
  std::shared_ptr<const RoutingConfig> config;
  std::vector<ReceiverDestination> destinations;
};

/// The top-level keys that ReadRouting reads.
std::span<const std::string_view> RoutingKeys();

/// Reads the routing keys of `fields` (others are left for the caller): a whole alertmanager.yml,
/// or the same keys in the `notify` section. Nothing (a null config) when there is no `route`.
/// `identity` is the host's, see Rendering::IncidentKey().
/// Errors: kInvalid with position; kIo for templates that cannot be read.
Result<Routing> ReadRouting(YamlFields& fields, InlineSecrets inline_secrets,
                            const std::string& external_url, const Labels& identity = {});

}  // namespace tocsin::notify
