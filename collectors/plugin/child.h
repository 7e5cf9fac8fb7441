#pragma once
// A running program on the loop: its output as it comes, its end, and nothing of it afterwards.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/net/loop.h"
#include "collectors/plugin/program.h"

namespace tocsin::plugin {

/// Called on the loop's thread.
class ChildUser {
 public:
  /// A piece of stdout. False: the program is killed, and OnExit comes with nothing. The child must
  /// not be touched within.
  virtual bool OnOutput(std::string_view piece) = 0;
  /// The program has ended (128 + n: by signal n) and all its output has been handed over. The
  /// child may be started again or destroyed within.
  virtual void OnExit(std::optional<int> status) = 0;

 protected:
  ~ChildUser() = default;
};

/// Loop thread only. The program has a session of its own and no descriptors but 0, 1 and 2; with
/// its end everything that it has started is killed, daemons included.
class Child {
 public:
  /// `user` outlives the child.
  Child(net::Loop& loop, ChildUser& user);
  /// As Kill().
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  enum class Input { kNone, kPipe };
  /// `running()` must be false. Errors: kInvalid if CheckProgram refuses it, kIo.
  Status Start(const Program& program, Input input);
  /// Puts `line` into stdin. False if the pipe does not take all of it at once: the program does
  /// not read.
  [[nodiscard]] bool Write(std::string_view line);
  /// SIGKILL to all of it. OnExit is not called.
  void Kill();

  bool running() const { return pid_ > 0; }
  /// The beginning of what it wrote to stderr, on one line; empty if nothing.
  std::string Complaint() const;

 private:
  void ReadOutput();
  void ReadErrors();
  void Ended();
  void CloseAll();

  ChildUser& user_;
  pid_t pid_ = 0;
  int pid_fd_ = -1;
  int input_fd_ = -1;
  int output_fd_ = -1;
  int error_fd_ = -1;
  net::Watcher exit_;
  net::Watcher output_;
  net::Watcher errors_;
  std::string complaint_;
};

}  // namespace tocsin::plugin
