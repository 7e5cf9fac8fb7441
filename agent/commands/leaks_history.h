#pragma once
#include <string>
#include <string_view>

#include "agent/commands/leaks.h"
#include "base/result.h"

namespace tocsin {

/// Runs the leak detector over a history: OpenMetrics with timestamps where arguments.file is set,
/// else CSV. What it says, for a terminal: each leak when it was found and when it ended, then
/// those that are there at the end, with all that is known. `name` is the file's, for errors.
/// Errors: kMalformed with the position in the file; kInvalid for arguments.
Result<std::string> FindLeaksIn(std::string_view text, const std::string& name,
                                const LeakArguments& arguments);

}  // namespace tocsin
