#pragma once
// The targets of a configuration: the keys that all have, whatever they speak, are `name` (its
// address if there is none), `labels` and `timeout`.

#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/yaml.h"
#include "collectors/net/target_pool.h"

namespace tocsin::net {

/// Reads the list under `key` of `of`: each entry is an address alone, or a map with the key
/// `address`. `read` takes the keys of its own out of `fields`, which has none for an address
/// alone. Errors: kInvalid with position; addresses that stand twice.
Result<std::vector<TargetSpec>> ReadTargets(
    YamlFields& of, std::string_view key,
    FunctionRef<Status(YamlFields& fields, const std::string& address, TargetSpec& spec)> read);

}  // namespace tocsin::net
