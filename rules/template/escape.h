#pragma once
// Go text/template's HTMLEscapeString and JSEscapeString.

#include <string>
#include <string_view>

namespace tocsin::tmpl {

std::string EscapeHtml(std::string_view text);
std::string EscapeJs(std::string_view text);

}  // namespace tocsin::tmpl
