#pragma once
// Alertmanager's v2 API, as far as amtool, Karma and Grafana need it to show alerts and to manage
// silences: status, receivers, silences, silence/{id}, alerts, alerts/groups.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

#include <string>

#include "agent/http/request.h"
#include "base/clock.h"
#include "notify/service.h"

namespace tocsin::api {

/// `config` is the configuration as YAML, without secrets.
http::Response AmStatus(const std::string& config, WallTime started);
http::Response AmReceivers(const notify::Notifications& notifications);

/// GET lists, POST sets.
http::Response AmSilences(notify::Notifications& notifications, WallTime now,
                          const http::Request& request);
/// GET and DELETE of /api/v2/silence/{id}.
http::Response AmSilence(notify::Notifications& notifications, WallTime now,
                         const http::Request& request);

http::Response AmAlerts(const notify::Notifications& notifications, const http::Request& request);
http::Response AmGroups(const notify::Notifications& notifications, const http::Request& request);

}  // namespace tocsin::api
