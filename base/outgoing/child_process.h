#pragma once
// Programs as children: started with nothing inherited, ended with all that they have started.
// Thread-safe.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin::outgoing {

/// Two connected descriptors that no child inherits, closed at the end unless taken out.
struct Pipe {
  int read_fd = -1;
  int write_fd = -1;

  Pipe() = default;
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  /// Errors: kIo.
  Status Open();
};

struct SpawnRequest {
  std::string program;  // absolute path; no shell, no search
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value", all that the program sees but its marker
  int stdin_fd;                          // the child's copies; the caller's stay open
  int stdout_fd;
  int stderr_fd;
};

/// Starts a program in a session of its own, in "/", with signals as a program expects them and
/// only 0, 1, 2 open. It must be ended by ReapChild() or KillChild(). Errors: kIo.
Result<pid_t> SpawnChild(const SpawnRequest& request);

/// If the child has ended: kills what it left behind and returns its exit status (128 + n when
/// ended by signal n); the pid is void then. Nothing while it runs.
std::optional<int> ReapChild(pid_t pid);

/// SIGKILL to the child's group. It is still to be reaped.
void SignalKill(pid_t pid);

/// SIGKILL to the child and all that it has started, and reaps it: at once, or, where the kernel
/// holds it back, at a later call of any function here. The pid is void then.
void KillChild(pid_t pid);

/// From now on the orphans of children become this process's children (PR_SET_CHILD_SUBREAPER), so
/// that a grandchild that has made itself a daemon is found and killed when its program ends.
/// Of what this process adopts, only descendants of SpawnChild() are killed: they carry a marker in
/// their environment.
void AdoptOrphans();

}  // namespace tocsin::outgoing
