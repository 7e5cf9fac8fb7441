#pragma once
#include <string>
#include <string_view>

#include "metrics/exposition/format.h"

namespace tocsin::exposition {

/// Append `text` escaped as a label value (the same in both formats) or as HELP. Ill-formed UTF-8
/// becomes U+FFFD, because a scraper refuses the whole page for one bad byte.
void AppendLabelValue(std::string_view text, std::string& out);
void AppendHelp(Format format, std::string_view text, std::string& out);

}  // namespace tocsin::exposition
