#include "collectors/net/network.h"

#include <cassert>

namespace tocsin::net {

Network::Network(const Clock& clock, NetworkOptions options) : options_(options), loop_(clock) {}

// First nothing runs any more, then what the loop's callbacks used goes.
Network::~Network() { loop_.Stop(); }

Resolver& Network::resolver() {
  assert(loop_.IsLoopThread());
  if (!resolver_) resolver_ = std::make_unique<Resolver>(loop_);
  return *resolver_;
}

HttpPool& Network::http() {
  assert(loop_.IsLoopThread());
  if (!http_) http_ = std::make_unique<HttpPool>(loop_);
  return *http_;
}

}  // namespace tocsin::net
