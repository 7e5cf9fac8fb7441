#pragma once
// Where StatsD is listened for, as settings say it.

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/function_ref.h"
#include "base/result.h"

namespace tocsin::statsd {

/// Errors: kInvalid, saying what an address looks like: "127.0.0.1:9125", "[::1]:9125", ":9125".
Status CheckAddress(const std::string& address);

/// A socket bound to a numeric address (every one of the host's where it names none), non-blocking.
/// `type` is SOCK_DGRAM or SOCK_STREAM; `prepare` is called before it is bound. Errors: kInvalid,
/// kIo.
Result<int> BindSocket(const std::string& address, int type, FunctionRef<void(int fd)> prepare);

/// The port that a socket is bound to; 0 if it is none of IP.
std::uint16_t PortOf(int fd);

}  // namespace tocsin::statsd
