#pragma once
// What each file of this folder provides. Adding a receiver: one file here, one line in
// notify/catalog.cc, one in CMakeLists.txt.

#include <memory>
#include <string>

#include "base/result.h"
#include "notify/http_config.h"
#include "notify/notifier.h"

namespace tocsin::notify {

/// One Prometheus Alertmanager, by its v2 API. `url` is its address without /api/v2/alerts.
/// Up to 64 messages go into one request.
std::unique_ptr<Notifier> MakeAlertmanager(Secret url, HttpConfig http);

}  // namespace tocsin::notify
