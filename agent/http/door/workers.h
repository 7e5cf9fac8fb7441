#pragma once
// The threads that run handlers: begun when there is something to do, ended when there is not.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "agent/http/door/policy.h"
#include "agent/http/request_check.h"
#include "base/clock.h"

namespace tocsin::http {

struct Connection;

/// One request and its response. Belongs to its connection while it arrives and leaves, and to the
/// workers in between.
struct Exchange {
  Connection* connection = nullptr;    // the door's thread only; null when it has ended
  std::atomic<bool> abandoned{false};  // nobody waits for the response any more
  std::string bytes;                   // header and body; `request` points into it
  std::size_t header_bytes = 0;
  std::string remote;
  Request request;
  CheckedRequest checked;
  Policy::Verdict verdict = Policy::Verdict::kPass;
  bool failed = false;  // the handler threw
  Response response;
  std::string head;       // of the response
  std::string_view body;  // of the response, as far as it is sent at all
  std::size_t sent = 0;   // of both together
};

class Workers {
 public:
  enum class Lane {
    kHandler,
    kLogin  // the policy's CheckLogin, one at a time, then kHandler
  };

  /// At most `max_threads`; each ends after `idle_time` without work. `policy` may be null.
  Workers(Handler handler, std::shared_ptr<Policy> policy, int max_threads, milliseconds idle_time);
  /// Threads that hang in a handler are left behind, with all that they use.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Readable when Collect() has something.
  int wake_fd() const;
  /// Wakes who waits for wake_fd. Any thread.
  void Wake();

  /// False, and `exchange` stays, when too many wait already or no thread can be had.
  bool Submit(Lane lane, std::unique_ptr<Exchange>& exchange);
  /// Appends what has been answered since the last call.
  void Collect(std::vector<std::unique_ptr<Exchange>>& out);

  /// Takes no more work, and waits until `deadline` for threads to end. False if some have not.
  bool Stop(MonoTime deadline);

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);
  static void Serve(State& state, Lane lane, std::unique_ptr<Exchange> exchange);

  std::shared_ptr<State> state_;
};

}  // namespace tocsin::http
