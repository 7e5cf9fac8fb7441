#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"

namespace tocsin {

/// The whole of a file. Errors: kIo as "path: why", a folder among them; kLimit if it is larger
/// than `max_bytes`.
Result<std::string> ReadWholeFile(const std::string& path, std::size_t max_bytes);

}  // namespace tocsin
