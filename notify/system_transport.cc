#include "notify/system_transport.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/outgoing/exec_runner.h"
#include "base/outgoing/http_client.h"

namespace tocsin::notify {
namespace {

class SystemTransport final : public Transport {
 public:
  SystemTransport(int wake_fd, const Clock& clock) : wake_fd_(wake_fd), exec_(clock) {}
  ~SystemTransport() override { ::close(wake_fd_); }
  SystemTransport(const SystemTransport&) = delete;
  SystemTransport& operator=(const SystemTransport&) = delete;

  void Start(std::uint64_t id, Request request) override {
    std::visit([&](auto& typed) { Begin(id, std::move(typed)); }, request);
  }

  std::vector<Completion> Wait(nanoseconds timeout) override {
    constexpr milliseconds kMaxWait{60'000};
    std::vector<pollfd> fds{{wake_fd_, POLLIN, 0}};
    exec_.AppendFds(fds);
    const auto wait = std::chrono::ceil<milliseconds>(
        exec_.TimeLeft(std::clamp(timeout, nanoseconds(0), nanoseconds(kMaxWait))));
    http_.Wait(fds, wait);
    if (fds[0].revents & POLLIN) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
    }
    std::vector<Completion> completed;
    http_.Collect(completed);
    exec_.Move(completed);
    return completed;
  }

  void Wake() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wake_fd_, &one, sizeof one);
  }

 private:
  void Begin(std::uint64_t id, HttpRequest request) { http_.Start(id, std::move(request)); }
  void Begin(std::uint64_t id, MailRequest request) { http_.Start(id, std::move(request)); }
  void Begin(std::uint64_t id, ExecRequest request) { exec_.Start(id, std::move(request)); }

  const int wake_fd_;
  HttpClient http_;
  ExecRunner exec_;
};

}  // namespace

Result<std::unique_ptr<Transport>> MakeSystemTransport(const Clock& clock) {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return Error{Errc::kIo, std::string("eventfd: ") + std::strerror(errno)};
  return std::unique_ptr<Transport>(std::make_unique<SystemTransport>(fd, clock));
}

}  // namespace tocsin::notify
