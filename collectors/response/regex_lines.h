#pragma once
#include <memory>
#include <string_view>

#include "base/result.h"
#include "collectors/response/access_record.h"

namespace tocsin {

/// Lines that a regular expression (RE2, not anchored) finds something in. Its named groups are the
/// fields: method, path (or url), request, status, bytes, and seconds, milliseconds, microseconds
/// or nanoseconds. Errors: kInvalid in RE2's words, or for an unknown group, or none called status.
Result<std::unique_ptr<AccessLineParser>> MakeRegexParser(std::string_view expression);

}  // namespace tocsin
