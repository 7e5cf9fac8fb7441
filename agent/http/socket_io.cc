#include "agent/http/socket_io.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tocsin::http {
namespace {

MonoTime Now() { return SystemClock().Mono(); }

bool WaitFor(int socket, short events, MonoTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Now()).count();
    if (left <= 0) return false;
    pollfd one{socket, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

bool SendAll(int socket, std::string_view head, std::string_view body, MonoTime deadline) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{{{const_cast<char*>(head.data()), head.size()},
                                {const_cast<char*>(body.data()), body.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!WouldBlock() || !WaitFor(socket, POLLOUT, deadline)) return false;
      continue;
    }
    const auto n = static_cast<std::size_t>(sent);
    const std::size_t of_head = std::min(n, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(n - of_head);
    // A reader that takes a little at a time must not renew its time by that.
    if (!body.empty() && Now() >= deadline) return false;
  }
  return true;
}

std::size_t ReadableBytes(int socket) {
  int bytes = 0;
  if (ioctl(socket, FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

void SpinUntilReadable(int socket, MonoTime deadline) {
  char scrap = 0;
  while (recv(socket, &scrap, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && WouldBlock() && Now() < deadline) {
    sched_yield();
  }
}

void CloseGently(int socket, milliseconds limit) {
  const MonoTime deadline = Now() + limit;
  shutdown(socket, SHUT_WR);
  std::array<char, 4096> scrap;
  for (;;) {
    const ssize_t n = recv(socket, scrap.data(), scrap.size(), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && !WouldBlock() && errno != EINTR)) break;
    if (Now() >= deadline || (n < 0 && !WaitFor(socket, POLLIN, deadline))) break;
  }
  // Whoever closes the descriptor finds nothing more to wait for.
  shutdown(socket, SHUT_RDWR);
}

int FindConnection(const char* peer, int peer_port, int local_port) {
  in_addr wanted{};
  if (inet_pton(AF_INET, peer, &wanted) != 1) return -1;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65'536));
  for (int fd = 0; fd < end; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family != AF_INET || address.sin_addr.s_addr != wanted.s_addr ||
        ntohs(address.sin_port) != peer_port) {
      continue;
    }
    size = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        ntohs(address.sin_port) == local_port) {
      return fd;
    }
  }
  return -1;
}

int ConnectTo(const ListenAddress& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS) {
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace tocsin::http
