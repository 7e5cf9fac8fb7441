#pragma once
// Runs programs for the exec receiver without blocking: one descriptor to wait for each end.

#include <poll.h>
#include <sys/types.h>

#include <vector>

#include "base/clock.h"
#include "base/outgoing/exchange.h"

namespace tocsin::outgoing {

/// Single-threaded. A program gets its own session and no descriptors but 0, 1 and 2; when it ends
/// or its time is up, everything left in its process group is killed. SIGPIPE must be blocked or
/// ignored on the calling thread.
class ExecRunner {
 public:
  explicit ExecRunner(const Clock& clock) : clock_(clock) {}
  ~ExecRunner();
  ExecRunner(const ExecRunner&) = delete;
  ExecRunner& operator=(const ExecRunner&) = delete;

  void Start(std::uint64_t id, ExecRequest request);

  /// Appends what to wait for before the next Move().
  void AppendFds(std::vector<pollfd>& fds) const;
  /// The time left until a program must be killed, at most `wait`.
  nanoseconds TimeLeft(nanoseconds wait) const;
  /// Feeds, reads, reaps and kills without blocking; appends what has completed.
  void Move(std::vector<Completion>& out);

 private:
  struct Process {
    std::uint64_t id;
    pid_t pid;
    int pid_fd;
    int input_fd;  // -1 once everything is written
    int output_fd;
    std::string input;
    std::size_t written = 0;
    std::string output;
    std::size_t max_output;
    MonoTime deadline;
    bool timed_out = false;
  };
  static void Feed(Process& process);
  static void Read(Process& process);

  const Clock& clock_;
  std::vector<Process> running_;
  std::vector<Completion> failed_;
};

}  // namespace tocsin::outgoing
