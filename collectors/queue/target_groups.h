#pragma once
// Targets in groups that share settings: each group finds its targets by itself, all are asked by
// one pool.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/net/found_target.h"

namespace tocsin {

class TargetGroups {
 public:
  using Make = net::MakeAt;

  TargetGroups(net::Network& network, net::TargetPoolOptions options);

  /// Adds a group: reads `targets`, `file_sd`, `dns_srv` and `timeout` of `fields`, whose other
  /// keys have been read, and finishes them. Errors: kInvalid with position.
  Status Add(const CollectorDeps& deps, YamlFields& fields, Make make);

  /// Looks for targets anew and asks them. An address that stands in several groups is of the
  /// first.
  Status Collect(const RoundContext& round, FamilySink& out);

 private:
  struct Group {
    std::unique_ptr<net::Discovery> discovery;
    Make make;
    milliseconds timeout;
  };
  std::vector<net::TargetSpec> Targets() const;

  const std::string collector_;
  std::vector<Group> groups_;
  net::TargetPool pool_;
};

/// A collector that is nothing but its groups: the entries of the list `servers` of `settings`,
/// from whose own keys `read` makes what makes the targets. Errors: kInvalid with position.
using ReadGroup = std::function<Result<TargetGroups::Make>(YamlFields& fields)>;
Result<std::unique_ptr<Collector>> MakeGroupsCollector(const CollectorDeps& deps,
                                                       YamlFields& settings,
                                                       net::TargetPoolOptions options,
                                                       const ReadGroup& read);

/// Where an address leads: "host:port", "[2001:db8::1]:port", a port that may be left out, or the
/// path of a unix socket. Errors: kInvalid.
struct HostPort {
  std::string host;
  std::uint16_t port;
};
Result<HostPort> ParseHostPort(std::string_view address, std::uint16_t default_port);

}  // namespace tocsin
