#include "rules/links.h"

#include "base/percent.h"

namespace tocsin {

std::string GraphLink(std::string_view external_url, std::string_view expr) {
  return std::string(external_url) + "/graph?g0.expr=" + EscapeQuery(expr) + "&g0.tab=1";
}

}  // namespace tocsin
