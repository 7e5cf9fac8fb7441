#pragma once
#include <functional>
#include <span>
#include <string_view>

#include "metrics/family.h"

namespace tocsin {

/// Tells the names that what is pushed to the agent may not have: those of the host's own
/// collectors, of the agent, and of `besides`, which outlive the result.
std::function<bool(std::string_view)> OwnNames(std::span<const FamilySpec> besides);

}  // namespace tocsin
