#pragma once
#include <string_view>

namespace tocsin {

/// Tells systemd about the agent's state, as sd_notify(3) documents the datagram; nothing happens
/// where $NOTIFY_SOCKET is not set. (libsystemd would cost 0.9 MB of resident memory for this.)
void NotifyServiceManager(std::string_view state);

}  // namespace tocsin
