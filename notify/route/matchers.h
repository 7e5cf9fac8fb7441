#pragma once
// Label matchers as Alertmanager's files and API spell them.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/matcher.h"

namespace tocsin::notify {

using Matchers = std::vector<Matcher>;

/// `name="value"`, `name=~value` …: the value may go unquoted. Errors: kInvalid.
Result<Matcher> ParseMatcher(std::string_view text);

/// One or more, separated by commas, with or without braces. Errors: kInvalid.
Result<Matchers> ParseMatchers(std::string_view text);

/// By name, then value, then operator: the order in which Alertmanager writes them.
void SortMatchers(Matchers& matchers);

/// `{a="b",c=~"d"}`: what route keys consist of.
std::string MatchersText(const Matchers& matchers);

/// True if all match; an empty list matches everything.
bool AllMatch(const Matchers& matchers, const Labels& labels);

}  // namespace tocsin::notify
