#include "agent/runtime/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr int kTimesInInterval = 4;

std::optional<std::int64_t> NumberIn(const char* variable) {
  const char* const text = std::getenv(variable);
  return text ? ParseInt<std::int64_t>(text) : std::nullopt;
}

}  // namespace

void NotifyServiceManager(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (!path || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  const std::size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Best effort: the service manager's watchdog notices if it is never reached.
  (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), size);
  ::close(fd);
}

Watchdog::Watchdog(const Clock& clock) : clock_(clock) {
  const auto for_pid = NumberIn("WATCHDOG_PID");
  if (for_pid && *for_pid != ::getpid()) return;
  if (const auto limit = NumberIn("WATCHDOG_USEC"); limit && *limit > 0) {
    interval_ = std::chrono::microseconds(*limit) / kTimesInInterval;
  }
}

void Watchdog::Alive() {
  if (!interval_) return;
  const MonoTime now = clock_.Mono();
  if (told_at_ && now - *told_at_ < *interval_) return;
  told_at_ = now;
  NotifyServiceManager("WATCHDOG=1");
}

}  // namespace tocsin
