#include "base/outgoing/child_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/file.h"
#include "base/mutex.h"
#include "base/parse.h"

namespace tocsin::outgoing {
namespace {

/// How often orphans are looked for after a kill made new ones, and how long to wait between.
constexpr int kSweeps = 50;
constexpr int kSweepPauseMs = 1;
constexpr std::size_t kMaxProcFile = 256 << 10;

/// The children that SpawnChild() has started and nobody has reaped. The mutex is held from before
/// a child is there until it is known, so that a sweep never takes a new one for an orphan.
struct Children {
  Mutex mutex;
  std::vector<pid_t> running GUARDED_BY(mutex);
  std::vector<pid_t> condemned GUARDED_BY(mutex);  // killed, not yet reaped
  std::atomic<bool> adopting = false;
};

Children& TheChildren() {
  static Children children;
  return children;
}

Error SystemError(const std::string& what, int number) {
  return Error{Errc::kIo, what + ": " + std::strerror(number)};
}

/// Tells the agent's descendants from others that a container's first process adopts.
std::string Marker() { return "TOCSIN_CHILD_OF=" + std::to_string(::getpid()); }

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int ExitStatus(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// A process as /proc/PID/stat has it.
struct ProcStat {
  char state = 0;
  pid_t parent = 0;
  pid_t session = 0;
};

std::optional<ProcStat> ReadStat(pid_t pid) {
  const auto text = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat", kMaxProcFile);
  if (!text) return std::nullopt;
  const auto close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*text).substr(close + 1);
  const std::string_view state = TakeField(rest);
  const auto parent = ParseInt<pid_t>(TakeField(rest));
  TakeField(rest);  // process group
  const auto session = ParseInt<pid_t>(TakeField(rest));
  if (state.empty() || !parent || !session) return std::nullopt;
  return ProcStat{state.front(), *parent, *session};
}

bool HasMarker(pid_t pid) {
  const auto text = ReadWholeFile("/proc/" + std::to_string(pid) + "/environ", kMaxProcFile);
  if (!text) return false;
  const std::string marker = Marker() + '\0';
  return text->starts_with(marker) || text->find('\0' + marker) != std::string::npos;
}

std::vector<pid_t> NumbersIn(const char* folder) {
  std::vector<pid_t> numbers;
  DIR* const dir = ::opendir(folder);
  if (!dir) return numbers;
  while (const dirent* entry = ::readdir(dir)) {
    if (const auto n = ParseInt<pid_t>(std::string_view(entry->d_name))) numbers.push_back(*n);
  }
  ::closedir(dir);
  return numbers;
}

/// The children of this process, or, of a kernel that does not list them, all processes.
std::vector<pid_t> PossibleChildren() {
  std::vector<pid_t> pids;
  for (const pid_t thread : NumbersIn("/proc/self/task")) {
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/children";
    const auto text = ReadWholeFile(path, kMaxProcFile);
    if (!text && ::access(path.c_str(), F_OK) != 0 && thread == ::getpid()) {
      return NumbersIn("/proc");
    }
    if (!text) continue;  // the thread has ended
    std::string_view rest = *text;
    for (auto field = TakeField(rest); !field.empty(); field = TakeField(rest)) {
      if (const auto pid = ParseInt<pid_t>(field)) pids.push_back(*pid);
    }
  }
  return pids;
}

/// Kills orphans that belong to the ended session or have left the session of their program, and
/// reaps those that have ended. True if any was killed.
bool SweepOnce(Children& children, pid_t ended) REQUIRES(children.mutex) {
  const pid_t self = ::getpid();
  const auto known = [&](pid_t pid) REQUIRES(children.mutex) {
    return std::find(children.running.begin(), children.running.end(), pid) !=
           children.running.end();
  };
  bool killed = false;
  for (const pid_t pid : PossibleChildren()) {
    const auto stat = ReadStat(pid);
    if (!stat || stat->parent != self || known(pid)) continue;
    if (stat->state == 'Z') {
      ::waitpid(pid, nullptr, WNOHANG);
      continue;
    }
    // A helper of a program that still runs stays in its session.
    if (stat->session != ended && (known(stat->session) || !HasMarker(pid))) continue;
    ::kill(pid, SIGKILL);
    killed = true;
  }
  return killed;
}

void KillLeftovers(Children& children, pid_t ended) REQUIRES(children.mutex) {
  ::kill(-ended, SIGKILL);
  if (!children.adopting) return;
  // Each kill may make orphans of the next generation.
  for (int i = 0; i < kSweeps && SweepOnce(children, ended); ++i) {
    ::poll(nullptr, 0, kSweepPauseMs);
  }
}

void ReapCondemned(Children& children) REQUIRES(children.mutex) {
  std::erase_if(children.condemned,
                [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void Forget(std::vector<pid_t>& pids, pid_t pid) { std::erase(pids, pid); }

/// Whether it has ended; it stays a zombie, so that its pid names nobody else meanwhile.
bool HasEnded(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

class SpawnAttributes {
 public:
  explicit SpawnAttributes(const SpawnRequest& request) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, request.stdin_fd, 0);
    posix_spawn_file_actions_adddup2(&actions, request.stdout_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, request.stderr_fd, 2);
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
  }
  ~SpawnAttributes() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Pipe::~Pipe() {
  if (read_fd >= 0) ::close(read_fd);
  if (write_fd >= 0) ::close(write_fd);
}

Status Pipe::Open() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return SystemError("pipe", errno);
  read_fd = fds[0];
  write_fd = fds[1];
  return Unit{};
}

Result<pid_t> SpawnChild(const SpawnRequest& request) {
  SpawnAttributes spawn(request);
  std::vector<std::string> arguments = request.arguments;
  arguments.insert(arguments.begin(), request.program);
  std::vector<std::string> environment = request.environment;
  environment.push_back(Marker());
  Children& children = TheChildren();
  const MutexLock lock(children.mutex);
  ReapCondemned(children);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, request.program.c_str(), &spawn.actions, &spawn.attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  if (error != 0) return SystemError(request.program, error);
  children.running.push_back(pid);
  return pid;
}

std::optional<int> ReapChild(pid_t pid) {
  if (!HasEnded(pid)) return std::nullopt;
  Children& children = TheChildren();
  const MutexLock lock(children.mutex);
  KillLeftovers(children, pid);
  int status = 0;
  ::waitpid(pid, &status, WNOHANG);
  Forget(children.running, pid);
  ReapCondemned(children);
  return ExitStatus(status);
}

void SignalKill(pid_t pid) { ::kill(-pid, SIGKILL); }

void KillChild(pid_t pid) {
  // The child's leftovers become ours only once it has ended.
  SignalKill(pid);
  for (int i = 0; i < kSweeps && !HasEnded(pid); ++i) ::poll(nullptr, 0, kSweepPauseMs);
  Children& children = TheChildren();
  const MutexLock lock(children.mutex);
  KillLeftovers(children, pid);
  if (::waitpid(pid, nullptr, WNOHANG) == 0) children.condemned.push_back(pid);
  Forget(children.running, pid);
  ReapCondemned(children);
}

void AdoptOrphans() {
  if (TheChildren().adopting) return;
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) TheChildren().adopting = true;
}

}  // namespace tocsin::outgoing
