#pragma once
// Links that alerts carry.

#include <string>
#include <string_view>

namespace tocsin {

/// The page that shows the expression: "URL/graph?g0.expr=…&g0.tab=1" (Prometheus's
/// TableLinkForExpression).
std::string GraphLink(std::string_view external_url, std::string_view expr);

}  // namespace tocsin
