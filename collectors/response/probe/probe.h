#pragma once
// One probe of one target, from its start to its result.

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "collectors/response/probe/module.h"
#include "collectors/response/probe/result.h"

namespace tocsin::net {
class Network;
}

namespace tocsin::probe {

struct ProbeJob {
  std::shared_ptr<const Module> module;
  std::string target;
  std::string hostname;  // Host header and name in TLS, instead of the target's; or empty
  milliseconds timeout{120'000};
  int pings = 1;  // echo requests of an icmp probe
};

/// Called once, on the loop's thread. The probe may be destroyed within.
using ProbeDone = std::function<void(ProbeResult)>;

/// A probe under way. Made, used and destroyed on the loop's thread; destroying it ends it without
/// a call.
class Probe {
 public:
  virtual ~Probe() = default;
  /// Ends by `done` after the job's timeout at the latest, also when everything else hangs.
  virtual void Start() = 0;
};

std::unique_ptr<Probe> MakeProbe(net::Network& network, ProbeJob job, ProbeDone done);

// One file each: http_probe.cc …
std::unique_ptr<Probe> MakeHttpProbe(net::Network& network, ProbeJob job, ProbeDone done);
std::unique_ptr<Probe> MakeTcpProbe(net::Network& network, ProbeJob job, ProbeDone done);
std::unique_ptr<Probe> MakeIcmpProbe(net::Network& network, ProbeJob job, ProbeDone done);
std::unique_ptr<Probe> MakeDnsProbe(net::Network& network, ProbeJob job, ProbeDone done);
std::unique_ptr<Probe> MakeGrpcProbe(net::Network& network, ProbeJob job, ProbeDone done);

}  // namespace tocsin::probe
