#include "collectors/response/probe/probe_base.h"

#include <netinet/in.h>

#include <array>
#include <cstdio>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {
namespace {

/// A debug page holds no more than this of one probe.
constexpr std::size_t kMaxLog = 4 << 10;
constexpr std::size_t kMaxLine = 300;

net::IpVersion VersionOf(const IpPreference& ip) {
  if (ip.preferred == IpFamily::k4) {
    return ip.fallback ? net::IpVersion::kPrefer4 : net::IpVersion::kOnly4;
  }
  return ip.fallback ? net::IpVersion::kPrefer6 : net::IpVersion::kOnly6;
}

std::string_view AddressBytes(const net::Address& address) {
  if (address.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    return {reinterpret_cast<const char*>(&v6.sin6_addr), sizeof v6.sin6_addr};
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
  return {reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr};
}

}  // namespace

std::optional<HostPort> SplitHostPort(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    return HostPort{std::string(text.substr(1, close - 1)),
                    std::string(rest.empty() ? rest : rest.substr(1))};
  }
  const std::size_t colon = text.rfind(':');
  // More than one colon: an IPv6 address alone.
  if (colon == std::string_view::npos || text.find(':') != colon) {
    return HostPort{std::string(text), ""};
  }
  return HostPort{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  const auto port = ParseInt<std::uint16_t>(text);
  return port && *port > 0 ? port : std::nullopt;
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  std::string out = v6 ? "[" + std::string(host) + "]" : std::string(host);
  if (!port.empty()) out.append(":").append(port);
  return out;
}

ProbeBase::ProbeBase(net::Network& network, ProbeJob job, ProbeDone done)
    : network_(network), job_(std::move(job)), done_(std::move(done)), timer_(network.loop()) {}

void ProbeBase::Start() {
  began_ = loop().Now();
  result_.began = loop().clock().Wall();
  Log("probing " + RedactedTarget(job_.target) + " by module " + module().name + " (" +
      std::string(ProberName(module().prober)) + "), at most " + FormatDuration(job_.timeout));
  timer_.Set(deadline(), [this] { Fail(Reason::kTimeout, "the time was up"); });
  Begin();
}

void ProbeBase::Resolve(const std::string& host, const IpPreference& ip, double& seconds,
                        std::function<void(const net::Address&)> then) {
  const MonoTime start = loop().Now();
  result_.lookup.tried = true;
  lookup_ = network_.resolver().Start(
      host, VersionOf(ip),
      [this, host, start, &seconds, then = std::move(then)](const net::Resolved& resolved) {
        result_.lookup.seconds = SecondsSince(start);
        if (resolved.addresses.empty()) return Fail(Reason::kResolve, host + ": " + resolved.error);
        seconds = result_.lookup.seconds;
        const net::Address& address = resolved.addresses.front();
        result_.lookup.ip_protocol = address.family() == AF_INET6 ? 6 : 4;
        result_.lookup.ip_hash = AddressHash(AddressBytes(address));
        Log(host + " is " + address.Ip());
        then(address);
      });
}

double ProbeBase::SecondsSince(MonoTime then) { return ToSeconds(loop().Now() - then); }

void ProbeBase::Log(std::string_view what) {
  if (result_.log.size() > kMaxLog) return;
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "+%.6fs ", SecondsSince(began_));
  result_.log.append(time.data()).append(OneLine(what, kMaxLine)).append("\n");
}

void ProbeBase::Finish(std::optional<Failure> failure) {
  timer_.Cancel();
  lookup_.reset();
  End();
  result_.failure = std::move(failure);
  result_.duration_seconds = SecondsSince(began_);
  if (result_.failure) {
    Log("failed (" + std::string(ReasonText(result_.failure->reason)) +
        "): " + result_.failure->message);
  } else {
    Log("succeeded");
  }
  const ProbeDone done = std::move(done_);
  done(std::move(result_));
}

std::unique_ptr<Probe> MakeProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  switch (job.module->prober) {
    case Prober::kHttp:
      return MakeHttpProbe(network, std::move(job), std::move(done));
    case Prober::kTcp:
      return MakeTcpProbe(network, std::move(job), std::move(done));
    case Prober::kIcmp:
      return MakeIcmpProbe(network, std::move(job), std::move(done));
    case Prober::kDns:
      return MakeDnsProbe(network, std::move(job), std::move(done));
    case Prober::kGrpc:
      break;
  }
  return MakeGrpcProbe(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
