#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// `body` as it was before `compression`. Brotli's library is loaded at its first use.
/// Errors: kMalformed if it is not so compressed or cut; kLimit beyond `max_bytes`; kUnsupported
/// without the library.
Result<std::string> Decompress(Compression compression, std::string_view body,
                               std::size_t max_bytes);

}  // namespace tocsin::probe
