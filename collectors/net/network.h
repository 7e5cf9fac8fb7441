#pragma once
// What networked collectors share: one loop, one resolver, one pool of HTTP connections.

#include <memory>

#include "base/clock.h"
#include "collectors/net/http.h"
#include "collectors/net/inlet.h"
#include "collectors/net/loop.h"
#include "collectors/net/resolver.h"

namespace tocsin::net {

struct NetworkOptions {
  /// How long a round waits for targets that answer quickly; those that do not are told of in the
  /// next round. Zero: until the round's deadline (`tocsin collect`, tests).
  milliseconds grace{200};
};

/// One an agent; outlives all collectors and every reload. Costs nothing until it is first used.
class Network {
 public:
  explicit Network(const Clock& clock, NetworkOptions options = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Clock& clock() const { return loop_.clock(); }
  milliseconds grace() const { return options_.grace; }
  Loop& loop() { return loop_; }
  /// Where collectors take what is pushed to the agent.
  Inlets& inlets() { return inlets_; }
  /// Loop thread only.
  Resolver& resolver();
  HttpPool& http();

 private:
  const NetworkOptions options_;
  Inlets inlets_;
  Loop loop_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<HttpPool> http_;
};

}  // namespace tocsin::net
