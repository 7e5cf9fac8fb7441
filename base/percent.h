#pragma once
// Percent-encoding (RFC 3986, 2.1) of what stands in URLs and forms.

#include <string>
#include <string_view>

namespace tocsin {

/// Letters, digits and "-._~" stay; every other byte becomes %XX.
void AppendPercentEncoded(std::string_view text, std::string& out);

/// `text` with each %XX as the byte that it stands for; other text, "%zz" too, as it is.
std::string PercentDecoded(std::string_view text);

/// `text` as one value of a URL's query, as Go's url.QueryEscape writes it: blanks become '+'.
std::string EscapeQuery(std::string_view text);

/// Appends name=value of application/x-www-form-urlencoded, after an '&' if `form` is not empty.
void AppendFormPair(std::string_view name, std::string_view value, std::string& form);

}  // namespace tocsin
