#pragma once
// A connection's state, some 200 bytes while it is idle, and the lists that find those whose time
// is up. All of it belongs to the door's thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/http/door/parser.h"
#include "agent/http/door/policy.h"
#include "agent/http/door/workers.h"
#include "base/clock.h"

namespace tocsin::http {

enum class Phase : std::uint8_t {
  kHandshake,
  kHeader,    // a request's header arrives, or is awaited on a new connection
  kBody,      // its body arrives
  kHandling,  // a worker has it
  kResponse,  // its response leaves
  kIdle,      // between two requests
  kLinger,    // everything is said; what the client still sends is read and forgotten
  kClosed,
};
constexpr std::size_t kPhases = 8;

struct Connection {
  Connection* previous = nullptr;  // in the list of its phase
  Connection* next = nullptr;
  MonoTime since{};  // when its phase began
  int fd = -1;
  Phase phase = Phase::kClosed;
  bool shaking = false;          // kHandshake: its first bytes have been seen
  std::uint32_t wanted = 0;      // epoll events that move it on
  std::uint32_t registered = 0;  // those that epoll is to report
  std::uint32_t reported = 0;    // those that it has reported, until Arm() has seen them
  std::size_t held = 0;          // bytes of memory that it is accounted for
  HeaderScanner scanner;
  std::string in;  // arrived and not yet part of `exchange`
  std::unique_ptr<Exchange> exchange;
  Exchange* handled = nullptr;  // kHandling: the workers'
  std::unique_ptr<SecureStream> secure;

  bool TakesRequests() const {
    return phase == Phase::kHeader || phase == Phase::kBody || phase == Phase::kIdle;
  }
};

/// Connections of each phase, in the order in which they entered it. As the time allowed is the
/// same for all of a phase, the first is the one whose time is up next: a timer without a heap.
class PhaseLists {
 public:
  PhaseLists() = default;
  PhaseLists(const PhaseLists&) = delete;
  PhaseLists& operator=(const PhaseLists&) = delete;

  /// Moves `connection`, which is in the list of its phase unless that is kClosed, to the end of
  /// another. kClosed: to none.
  void Move(Connection& connection, Phase phase, MonoTime now);
  /// The one that is longest in `phase`, or null.
  Connection* Oldest(Phase phase) const { return lists_[Index(phase)].first; }
  std::size_t size() const { return size_; }

 private:
  struct List {
    Connection* first = nullptr;
    Connection* last = nullptr;
  };
  static std::size_t Index(Phase phase) { return static_cast<std::size_t>(phase); }

  std::array<List, kPhases> lists_{};
  std::size_t size_ = 0;
};

}  // namespace tocsin::http
