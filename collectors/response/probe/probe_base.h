#pragma once
// What all probers do alike. Internal to them.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/net/loop.h"
#include "collectors/net/network.h"
#include "collectors/net/resolver.h"
#include "collectors/response/probe/probe.h"

namespace tocsin::probe {

/// "host:port", "[v6]:port" or a host alone, taken apart; `port` is empty if there is none.
struct HostPort {
  std::string host;  // without brackets
  std::string port;
};
std::optional<HostPort> SplitHostPort(std::string_view text);
/// 1 to 65535, or nothing.
std::optional<std::uint16_t> ParsePort(std::string_view text);
/// "192.0.2.1:80", "[2001:db8::1]:80"
std::string JoinHostPort(std::string_view host, std::string_view port);

class ProbeBase : public Probe {
 public:
  /// Starts the clock, then Begin().
  void Start() final;

 protected:
  ProbeBase(net::Network& network, ProbeJob job, ProbeDone done);

  virtual void Begin() = 0;
  /// Before the result goes out for whatever reason: closes, fills in what is known.
  virtual void End() {}

  /// Looks `host` up as `ip` says, notes it in the result and, once found, in `seconds`, then calls
  /// `then`; or ends the probe.
  void Resolve(const std::string& host, const IpPreference& ip, double& seconds,
               std::function<void(const net::Address&)> then);
  /// Ends the probe. The probe may be gone when it returns.
  void Finish(std::optional<Failure> failure);
  void Fail(Reason reason, std::string message) { Finish(Failure{reason, std::move(message)}); }
  /// A line of the debug page, with the time since the start.
  void Log(std::string_view what);

  const Module& module() const { return *job_.module; }
  net::Loop& loop() { return network_.loop(); }
  MonoTime began() const { return began_; }
  MonoTime deadline() const { return began_ + job_.timeout; }
  double SecondsSince(MonoTime then);

  net::Network& network_;
  const ProbeJob job_;
  ProbeResult result_;

 private:
  ProbeDone done_;
  MonoTime began_{};
  net::Timer timer_;
  net::Resolver::Handle lookup_;
};

}  // namespace tocsin::probe
