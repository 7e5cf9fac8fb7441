#include "agent/http/door/connection.h"

namespace tocsin::http {

void PhaseLists::Move(Connection& connection, Phase phase, MonoTime now) {
  if (connection.phase != Phase::kClosed) {
    List& from = lists_[Index(connection.phase)];
    (connection.previous ? connection.previous->next : from.first) = connection.next;
    (connection.next ? connection.next->previous : from.last) = connection.previous;
    --size_;
  }
  connection.phase = phase;
  connection.since = now;
  connection.previous = connection.next = nullptr;
  if (phase == Phase::kClosed) return;
  List& to = lists_[Index(phase)];
  connection.previous = to.last;
  (to.last ? to.last->next : to.first) = &connection;
  to.last = &connection;
  ++size_;
}

}  // namespace tocsin::http
