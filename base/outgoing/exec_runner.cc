#include "base/outgoing/exec_runner.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/outgoing/child_process.h"

namespace tocsin::outgoing {
namespace {

void CloseOnce(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

ExecRunner::~ExecRunner() {
  for (Process& process : running_) {
    KillChild(process.pid);
    CloseOnce(process.pid_fd);
    CloseOnce(process.input_fd);
    CloseOnce(process.output_fd);
  }
}

void ExecRunner::Start(std::uint64_t id, ExecRequest request) {
  Pipe input;
  Pipe output;
  for (Pipe* pipe : {&input, &output}) {
    if (auto opened = pipe->Open(); !opened) {
      failed_.push_back({id, std::move(opened).error()});
      return;
    }
  }
  ::fcntl(input.write_fd, F_SETFL, O_NONBLOCK);
  ::fcntl(output.read_fd, F_SETFL, O_NONBLOCK);
  const auto pid =
      SpawnChild({std::move(request.program), std::move(request.arguments),
                  std::move(request.environment), input.read_fd, output.write_fd, output.write_fd});
  if (!pid) {
    failed_.push_back({id, pid.error()});
    return;
  }
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0));
  if (pid_fd < 0) {
    const int error = errno;
    KillChild(*pid);
    failed_.push_back({id, Error{Errc::kIo, std::string("pidfd_open: ") + std::strerror(error)}});
    return;
  }
  running_.push_back({.id = id,
                      .pid = *pid,
                      .pid_fd = pid_fd,
                      .input_fd = std::exchange(input.write_fd, -1),
                      .output_fd = std::exchange(output.read_fd, -1),
                      .input = std::move(request.input),
                      .output = {},
                      .max_output = request.max_output_bytes,
                      .deadline = clock_.Mono() + request.timeout});
}

void ExecRunner::AppendFds(std::vector<pollfd>& fds) const {
  for (const Process& process : running_) {
    fds.push_back({process.pid_fd, POLLIN, 0});
    if (process.output_fd >= 0) fds.push_back({process.output_fd, POLLIN, 0});
    if (process.input_fd >= 0) fds.push_back({process.input_fd, POLLOUT, 0});
  }
}

nanoseconds ExecRunner::TimeLeft(nanoseconds wait) const {
  if (!failed_.empty()) return nanoseconds(0);
  for (const Process& process : running_) {
    if (!process.timed_out) wait = std::min(wait, nanoseconds(process.deadline - clock_.Mono()));
  }
  return std::max(wait, nanoseconds(0));
}

void ExecRunner::Feed(Process& process) {
  if (process.input_fd < 0) return;
  const std::string_view left = std::string_view(process.input).substr(process.written);
  const ssize_t n = left.empty() ? 0 : ::write(process.input_fd, left.data(), left.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) process.written += static_cast<std::size_t>(n);
  // A program need not read its stdin: EPIPE is no failure.
  if (n < 0 || process.written == process.input.size()) CloseOnce(process.input_fd);
}

void ExecRunner::Read(Process& process) {
  std::array<char, 4096> buffer{};
  while (process.output_fd >= 0) {
    const ssize_t n = ::read(process.output_fd, buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      CloseOnce(process.output_fd);
      return;
    }
    const std::size_t room = process.max_output - process.output.size();
    process.output.append(buffer.data(), std::min(room, static_cast<std::size_t>(n)));
    if (static_cast<std::size_t>(n) < buffer.size()) return;
  }
}

void ExecRunner::Move(std::vector<Completion>& out) {
  std::move(failed_.begin(), failed_.end(), std::back_inserter(out));
  failed_.clear();
  std::erase_if(running_, [&](Process& process) {
    Feed(process);
    Read(process);
    if (!process.timed_out && clock_.Mono() >= process.deadline) {
      process.timed_out = true;
      SignalKill(process.pid);
    }
    const auto status = ReapChild(process.pid);
    if (!status) return false;
    Read(process);
    CloseOnce(process.pid_fd);
    CloseOnce(process.input_fd);
    CloseOnce(process.output_fd);
    if (process.timed_out) {
      out.push_back({process.id, Error{Errc::kTimeout, "killed: it did not end in time"}});
    } else {
      out.push_back({process.id, Answer{*status, {}, std::move(process.output)}});
    }
    return true;
  });
}

}  // namespace tocsin::outgoing
