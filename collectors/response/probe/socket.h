#pragma once
// A non-blocking datagram or raw socket of a probe.

#include <string>

namespace tocsin::probe {

class Socket {
 public:
  Socket() = default;
  ~Socket() { Close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // False: errno says why.
  [[nodiscard]] bool Open(int family, int type, int protocol);
  [[nodiscard]] bool Set(int level, int option, int value) const;
  /// To that local address of `family`; an empty one is any.
  [[nodiscard]] bool BindTo(int family, const std::string& ip) const;
  void Close();

  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace tocsin::probe
