#pragma once
// What an address that a file or a name server gave becomes.

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "collectors/net/discovery.h"
#include "collectors/net/target_pool.h"

namespace tocsin::net {

/// Makes the target at `address`, on the loop's thread. Errors become the failure of its rounds.
using MakeAt =
    std::function<Result<std::unique_ptr<Target>>(Network& network, const std::string& address)>;

/// Labels with two underscores in front are left out, and of the address what stands before an "@":
/// a password does not become a label.
TargetSpec SpecOfFound(const DiscoveredTarget& found, MakeAt make);

}  // namespace tocsin::net
