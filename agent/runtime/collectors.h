#pragma once
// Makes the runners of a configuration.

#include <memory>
#include <string>
#include <vector>

#include "agent/settings.h"
#include "collectors/collector.h"
#include "collectors/net/network.h"

namespace tocsin {

/// A collector that is switched on, before anything runs it.
struct MadeCollector {
  std::string name;
  std::string_view room;  // the catalog's; "agent" for the agent's own
  milliseconds interval;
  milliseconds timeout;
  std::unique_ptr<Collector> collector;
};

/// What the made collectors refer to; must outlive them.
struct CollectorHost {
  Settings settings;
  std::unique_ptr<HostFs> fs;
  std::shared_ptr<net::Network> network;
  std::string state_folder;
};
/// `network` is the same for all hosts of a process, so that connections outlive a reload.
/// `state_folder` is for the process that has locked the storage; others keep nothing.
std::shared_ptr<const CollectorHost> MakeCollectorHost(Settings settings,
                                                       std::shared_ptr<net::Network> network,
                                                       std::string state_folder = {});

/// Every enabled collector of the settings, in the catalog's order. Errors: kInvalid, with the
/// position of the bad setting; those of a file that keeps errors are noted there instead.
Result<std::vector<MadeCollector>> MakeCollectors(const CollectorHost& host);

}  // namespace tocsin
