#pragma once
// Go text/template's HTMLEscapeString, JSEscapeString and net/url's QueryEscape.

#include <string>
#include <string_view>

namespace tocsin::tmpl {

std::string EscapeHtml(std::string_view text);
std::string EscapeJs(std::string_view text);
std::string EscapeUrlQuery(std::string_view text);

/// Appends %XX with the digits of `hex`.
void AppendPercent(char c, std::string_view hex, std::string& out);

}  // namespace tocsin::tmpl
