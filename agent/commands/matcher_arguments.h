#pragma once
// What the commands about alerts and silences have in common.

#include <string>
#include <vector>

#include "agent/commands/alerts.h"
#include "base/result.h"
#include "notify/route/matchers.h"

namespace tocsin {

/// Matchers as people type them: NAME alone means alertname="NAME". Errors: kInvalid, saying which.
Result<notify::Matchers> ReadMatcherArguments(const std::vector<std::string>& arguments);

/// The agent's address without a '/' at its end.
std::string BaseUrl(const AlertArguments& arguments);

/// Who acts: what was said, or the user's name.
std::string AuthorOf(const AlertArguments& arguments);

}  // namespace tocsin
