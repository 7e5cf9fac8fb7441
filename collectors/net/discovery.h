#pragma once
// Which targets a networked collector has: named in the configuration, in files that others write,
// or in DNS.
//
//     targets: ['localhost:9100', { targets: [a:1, b:1], labels: { env: prod } }]
//     file_sd: ['targets/*.json', 'targets/*.yml']     # as Prometheus's file_sd_configs reads them
//     dns_srv: ['_metrics._tcp.example.org', { name: _x._tcp.service.consul, server:
//     '127.0.0.1:8600' }]

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/host_fs.h"
#include "metrics/writer.h"

namespace tocsin::net {

class Network;

struct DiscoveredTarget {
  std::string address;  // as it was written; of DNS, "host:port"
  std::vector<std::pair<std::string, std::string>> labels;

  friend bool operator==(const DiscoveredTarget&, const DiscoveredTarget&) = default;
};

/// The target groups of a file_sd file; `name` ends with .json, .yml or .yaml and is what errors
/// call it. Errors: kMalformed, kInvalid, kLimit, with the position in YAML.
Result<std::vector<DiscoveredTarget>> ParseTargetFile(std::string_view text,
                                                      const std::string& name);

class Discovery {
 public:
  /// Reads the keys `targets`, `file_sd` and `dns_srv` of `fields`; paths are relative to the
  /// configuration file. `network` and `fs` outlive it. Errors: kInvalid with position.
  static Result<std::unique_ptr<Discovery>> Read(Network& network, const HostFs& fs,
                                                 YamlFields& fields);
  /// The same without `targets`, for collectors whose list has a form of its own.
  static Result<std::unique_ptr<Discovery>> ReadSources(Network& network, const HostFs& fs,
                                                        YamlFields& fields);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  /// Nothing is configured that could give targets.
  bool empty() const;
  /// Looks whether files have changed, takes the answers of name servers, and asks anew what is
  /// due. Never waits. A file that cannot be read or understood, and a name server that fails, keep
  /// the targets that they had; a file that is gone has none. Once a round, one thread at a time.
  /// True if the targets differ from those after the last call; always at the first.
  bool Refresh(MonoTime now);
  /// As of the last Refresh(); an address may stand twice.
  const std::vector<DiscoveredTarget>& targets() const;

  /// Adds tocsin_discovery_up and _targets of files and names.
  void Write(std::string_view collector, FamilySink& out) const;

 private:
  struct State;
  explicit Discovery(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
