#pragma once
// Go's package regexp as templates use it, over RE2.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::tmpl {

// `work` grows by what a call costs, in bytes handled.

/// regexp.MatchString: a match anywhere. Errors: kInvalid, in RE2's words.
Result<bool> RegexMatches(std::string_view pattern, std::string_view text, std::size_t& work);

/// Regexp.ReplaceAllString: $1, ${1}, $name and ${name} in `replacement` are the groups, $$ is $.
/// Errors: kInvalid for the pattern; kLimit for a result over `limit` or a
/// pattern that makes no headway.
Result<std::string> RegexReplaceAll(std::string_view pattern, std::string_view replacement,
                                    std::string_view text, std::size_t limit, std::size_t& work);

}  // namespace tocsin::tmpl
