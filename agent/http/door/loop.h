#pragma once
// The thread that waits for all connections of a door. loop.cc brings events to connections and
// ends those whose time is up; serve.cc moves one connection from bytes to request to response.

#include <atomic>
#include <memory>
#include <vector>

#include "agent/http/door/connection.h"
#include "agent/http/door/door.h"
#include "agent/http/door/io.h"
#include "agent/http/door/listener.h"
#include "agent/http/door/workers.h"

namespace tocsin::http {

class Loop {
 public:
  Loop(std::vector<Listener> listeners, const ServerOptions& options, const DoorLimits& limits,
       Handler handler, std::shared_ptr<Policy> policy);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Before Run(). Errors: kIo when the kernel gives no epoll.
  Status Prepare();
  /// Until it has been told to stop.
  void Run();

  /// Any thread. Run() then returns when what is under way has been answered, or at `deadline`.
  void TellToStop(MonoTime deadline);
  /// After Run(). False if a handler is still running at `deadline`.
  bool EndWorkers(MonoTime deadline) { return workers_.Stop(deadline); }

 private:
  // loop.cc
  Status Register(int fd, std::uint32_t events, std::uint64_t tag) const;
  milliseconds TimeAllowed(Phase phase) const;
  int WaitMilliseconds() const;
  void Dispatch(std::uint64_t tag, std::uint32_t events);
  void Collect();
  void Expire();
  void AcceptFrom(const Listener& listener);
  void Admit(int fd);
  void ListenFor(std::uint32_t events);
  void PauseAccepting();
  bool Evict();
  void Reclaim(const Connection& spared);
  bool BeginStopping();
  void OnEvent(Connection& connection, std::uint32_t events);
  void Arm(Connection& connection) const;
  void Close(Connection& connection);
  void Move(Connection& connection, Phase phase);

  // serve.cc
  void Advance(Connection& connection);
  void Shake(Connection& connection);
  void Read(Connection& connection);
  void Drain(Connection& connection);
  void Feed(Connection& connection, std::string_view bytes);
  void TakeRequests(Connection& connection);
  void Begin(Connection& connection);
  void AwaitBody(Connection& connection);
  void Hand(Connection& connection);
  void Finished(std::unique_ptr<Exchange> exchange);
  void Refuse(Connection& connection, Response response);
  void Answer(Connection& connection);
  void Flush(Connection& connection);
  void Finish(Connection& connection);
  void SayLast(Connection& connection);
  void Account(Connection& connection);

  const ServerLimits limits_;
  const DoorLimits door_;
  const std::size_t max_connections_;
  const std::shared_ptr<Policy> policy_;
  const SystemClock clock_;
  Workers workers_;
  std::vector<Listener> listeners_;
  int epoll_ = -1;

  MonoTime now_{};
  PhaseLists lists_;
  std::size_t held_ = 0;                            // by all connections
  std::vector<std::unique_ptr<Connection>> ended_;  // their events may still be in this batch
  std::vector<std::unique_ptr<Exchange>> finished_;
  std::vector<char> buffer_;
  MonoTime refreshed_{};
  MonoTime accept_again_{};  // when accepting pauses
  bool paused_ = false;
  MonoTime warned_{};

  std::atomic<bool> told_to_stop_ = false;
  std::atomic<MonoTime::rep> stop_at_ = 0;
  bool stopping_ = false;
};

}  // namespace tocsin::http
