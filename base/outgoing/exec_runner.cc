#include "base/outgoing/exec_runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tocsin::outgoing {
namespace {

struct Pipe {
  int read_fd = -1;
  int write_fd = -1;
  ~Pipe() {
    if (read_fd >= 0) ::close(read_fd);
    if (write_fd >= 0) ::close(write_fd);
  }
  bool Open() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
    read_fd = fds[0];
    write_fd = fds[1];
    return true;
  }
};

Error SystemError(std::string what, int number) {
  return Error{Errc::kIo, std::move(what) + ": " + std::strerror(number)};
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// posix_spawn with a fresh session, signals as a program expects them, and only 0, 1, 2 open.
Result<pid_t> Spawn(ExecRequest& request, int stdin_fd, int output_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, stdin_fd, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(
      &attributes,
      static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  std::vector<std::string> arguments = std::move(request.arguments);
  arguments.insert(arguments.begin(), request.program);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, request.program.c_str(), &actions, &attributes,
                                Pointers(arguments).data(), Pointers(request.environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return SystemError(request.program, error);
  return pid;
}

int ExitStatus(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void CloseOnce(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

ExecRunner::~ExecRunner() {
  for (Process& process : running_) {
    ::kill(-process.pid, SIGKILL);
    ::waitpid(process.pid, nullptr, 0);
    CloseOnce(process.pid_fd);
    CloseOnce(process.input_fd);
    CloseOnce(process.output_fd);
  }
}

void ExecRunner::Start(std::uint64_t id, ExecRequest request) {
  Pipe input;
  Pipe output;
  if (!input.Open() || !output.Open()) {
    failed_.push_back({id, SystemError("pipe", errno)});
    return;
  }
  ::fcntl(input.write_fd, F_SETFL, O_NONBLOCK);
  ::fcntl(output.read_fd, F_SETFL, O_NONBLOCK);
  const auto pid = Spawn(request, input.read_fd, output.write_fd);
  if (!pid) {
    failed_.push_back({id, pid.error()});
    return;
  }
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0));
  if (pid_fd < 0) {
    const int error = errno;
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    failed_.push_back({id, SystemError("pidfd_open", error)});
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
      ::kill(-process.pid, SIGKILL);
    }
    int status = 0;
    if (::waitpid(process.pid, &status, WNOHANG) != process.pid) return false;
    ::kill(-process.pid, SIGKILL);  // what it left behind
    Read(process);
    CloseOnce(process.pid_fd);
    CloseOnce(process.input_fd);
    CloseOnce(process.output_fd);
    if (process.timed_out) {
      out.push_back({process.id, Error{Errc::kTimeout, "killed: it did not end in time"}});
    } else {
      out.push_back({process.id, Answer{ExitStatus(status), {}, std::move(process.output)}});
    }
    return true;
  });
}

}  // namespace tocsin::outgoing
