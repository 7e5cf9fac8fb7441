#include "collectors/plugin/child.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/outgoing/child_process.h"
#include "base/utf8.h"

namespace tocsin::plugin {
namespace {

constexpr std::size_t kMaxComplaint = 1'024;
constexpr std::size_t kShownComplaint = 200;
/// What may still be in the pipe of a program that has ended.
constexpr int kLastReads = 64;

using Buffer = std::array<char, 16 << 10>;

void CloseOnce(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

/// The next piece that is there; empty and `ended` at the end.
std::string_view ReadPiece(int fd, Buffer& buffer, bool& ended) {
  ssize_t n = 0;
  do n = ::read(fd, buffer.data(), buffer.size());
  while (n < 0 && errno == EINTR);
  ended = n == 0 || (n < 0 && errno != EAGAIN);
  return n > 0 ? std::string_view(buffer.data(), static_cast<std::size_t>(n)) : std::string_view();
}

}  // namespace

Child::Child(net::Loop& loop, ChildUser& user)
    : user_(user), exit_(loop), output_(loop), errors_(loop) {}

Child::~Child() { Kill(); }

Status Child::Start(const Program& program, Input input) {
  TRY(CheckProgram(program.path));
  outgoing::AdoptOrphans();
  outgoing::Pipe in;
  outgoing::Pipe out;
  outgoing::Pipe err;
  TRY(in.Open());
  TRY(out.Open());
  TRY(err.Open());
  TRY_ASSIGN(pid_, outgoing::SpawnChild({program.path, program.arguments, program.environment,
                                         in.read_fd, out.write_fd, err.write_fd}));
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (input == Input::kPipe) input_fd_ = std::exchange(in.write_fd, -1);
  output_fd_ = std::exchange(out.read_fd, -1);
  error_fd_ = std::exchange(err.read_fd, -1);
  for (const int fd : {input_fd_, output_fd_, error_fd_}) {
    if (fd >= 0) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  complaint_.clear();
  if (pid_fd_ < 0 || !exit_.Set(pid_fd_, EPOLLIN, [this](std::uint32_t) { Ended(); }) ||
      !output_.Set(output_fd_, EPOLLIN, [this](std::uint32_t) { ReadOutput(); }) ||
      !errors_.Set(error_fd_, EPOLLIN, [this](std::uint32_t) { ReadErrors(); })) {
    const int error = errno;
    Kill();
    return Error{Errc::kIo, program.path + " cannot be watched: " + std::strerror(error)};
  }
  return Unit{};
}

bool Child::Write(std::string_view line) {
  if (input_fd_ < 0) return false;
  // A line is shorter than PIPE_BUF: it is written whole or not at all.
  return ::write(input_fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void Child::Kill() {
  if (!running()) return;
  const pid_t pid = std::exchange(pid_, 0);
  CloseAll();
  outgoing::KillChild(pid);
}

std::string Child::Complaint() const { return OneLine(complaint_, kShownComplaint); }

void Child::ReadOutput() {
  Buffer buffer;
  bool ended = false;
  const std::string_view piece = ReadPiece(output_fd_, buffer, ended);
  if (ended) output_.Clear();  // it may go on without a stdout until its time is up
  if (piece.empty() || user_.OnOutput(piece)) return;
  Kill();
  user_.OnExit(std::nullopt);
}

void Child::ReadErrors() {
  Buffer buffer;
  bool ended = false;
  const std::string_view piece = ReadPiece(error_fd_, buffer, ended);
  if (ended) errors_.Clear();
  complaint_.append(piece.substr(0, kMaxComplaint - complaint_.size()));
}

void Child::Ended() {
  auto status = outgoing::ReapChild(pid_);
  if (!status) return;
  pid_ = 0;
  Buffer buffer;
  bool ended = false;
  for (int i = 0; i < kLastReads && status; ++i) {
    const std::string_view piece = ReadPiece(output_fd_, buffer, ended);
    if (piece.empty()) break;
    if (!user_.OnOutput(piece)) status.reset();
  }
  ReadErrors();
  CloseAll();
  user_.OnExit(status);
}

void Child::CloseAll() {
  exit_.Clear();
  output_.Clear();
  errors_.Clear();
  CloseOnce(pid_fd_);
  CloseOnce(input_fd_);
  CloseOnce(output_fd_);
  CloseOnce(error_fd_);
}

}  // namespace tocsin::plugin
