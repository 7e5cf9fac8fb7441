#pragma once
// Every kind of receiver there is.

#include <span>
#include <string_view>

#include "notify/receivers/receivers.h"

namespace tocsin::notify {

struct ReceiverKind {
  std::string_view name;  // "slack": part of destination names
  std::string_view key;   // "slack_configs": where the configuration has them
  bool send_resolved;     // where the configuration does not say
  ReadReceiver read;
  bool expires = false;  // see Integration
};

/// By name.
std::span<const ReceiverKind> ReceiverCatalog();

/// Keys of receivers that Alertmanager knows and this does not.
std::span<const std::string_view> UnsupportedReceiverKeys();

}  // namespace tocsin::notify
