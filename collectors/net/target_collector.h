#pragma once
// The collector of targets that its settings list, and of those that stand in files or in DNS.

#include <memory>
#include <vector>

#include "collectors/collector.h"
#include "collectors/net/found_target.h"

namespace tocsin::net {

/// Takes `file_sd` and `dns_srv` out of `fields`, whose other keys have been read, and finishes
/// them. `listed` are always asked; what is found is made by `make`, unless a listed target has its
/// name. Errors: kInvalid with position.
Result<std::unique_ptr<Collector>> MakeTargetCollector(const CollectorDeps& deps,
                                                       YamlFields& fields,
                                                       TargetPoolOptions options,
                                                       std::vector<TargetSpec> listed, MakeAt make);

}  // namespace tocsin::net
