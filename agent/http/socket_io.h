#pragma once
// Sockets under deadlines. The sockets are non-blocking.

#include <string_view>

#include "agent/http/server.h"
#include "base/clock.h"

namespace tocsin::http {

/// Sends both texts, one after the other. False when the peer is gone or `deadline` passes first.
bool SendAll(int socket, std::string_view head, std::string_view body, MonoTime deadline);

/// Bytes that can be read without waiting.
std::size_t ReadableBytes(int socket);

/// Waits until bytes (or the end) can be read or `deadline` passes, without sleeping: for times
/// shorter than a wake-up takes. Others who want this CPU get it.
void SpinUntilReadable(int socket, MonoTime deadline);

/// Ends the connection so that the peer still gets what was sent, though it has sent more than was
/// read: closing at once would reset it. Reads and forgets until the peer ends, for `limit` at
/// most.
void CloseGently(int socket, milliseconds limit);

/// The descriptor of this process's connection from `peer` (an IPv4 address) and its port to our
/// port, or -1. civetweb does not tell it.
int FindConnection(const char* peer, int peer_port, int local_port);

/// A non-blocking socket that is connecting to `address`, or -1.
int ConnectTo(const ListenAddress& address);

}  // namespace tocsin::http
