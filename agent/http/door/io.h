#pragma once
#include <string_view>

#include "agent/http/door/connection.h"

namespace tocsin::http {

enum class IoStep { kDone, kWantRead, kWantWrite, kEnded };

/// Reads what has arrived, at most `room` bytes, through TLS where the connection has it.
IoStep ReadSome(Connection& connection, char* data, std::size_t room, std::size_t& size);

/// Writes what can be written of both texts, one after the other.
IoStep WriteSome(Connection& connection, std::string_view head, std::string_view body,
                 std::size_t& size);

/// Who is at the other end: "127.0.0.1", "::1", "unix".
std::string RemoteName(int socket);

}  // namespace tocsin::http
