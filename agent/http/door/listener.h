#pragma once
#include <cstdint>
#include <string>

#include "agent/http/server.h"
#include "base/result.h"

namespace tocsin::http {

/// A listening, non-blocking socket. Closes it; a unix socket's file is removed, if it is still
/// ours.
class Listener {
 public:
  /// A unix socket's file that nobody listens on any more is replaced. "::" without IPv6 on this
  /// host is 0.0.0.0. Errors: kIo, saying which address and why.
  static Result<Listener> Open(const ListenAddress& address);
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;

  int fd() const { return fd_; }
  /// With the real port.
  const ListenAddress& address() const { return address_; }

 private:
  Listener(int fd, ListenAddress address) : fd_(fd), address_(std::move(address)) {}
  Status Bind();

  int fd_;
  ListenAddress address_;
  std::uint64_t inode_ = 0;  // of the unix socket's file
};

}  // namespace tocsin::http
