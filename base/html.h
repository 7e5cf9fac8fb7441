#pragma once
#include <string>
#include <string_view>

namespace tocsin {

/// Appends `text` to `out` as it must stand in an HTML element or in a quoted attribute.
void AppendHtml(std::string_view text, std::string& out);

}  // namespace tocsin
