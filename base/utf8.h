#pragma once
#include <string>
#include <string_view>

namespace tocsin {

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsValidUtf8(std::string_view text);

/// Appends `text` to `out` with every maximal ill-formed sequence replaced by U+FFFD
/// (The Unicode Standard, 3.9, "maximal subparts").
void AppendValidUtf8(std::string_view text, std::string& out);

inline std::string ToValidUtf8(std::string_view text) {
  std::string out;
  AppendValidUtf8(text, out);
  return out;
}

/// Appends `text` as a JSON string with its quotes: control characters, quotes and backslashes
/// escaped, ill-formed UTF-8 replaced.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace tocsin
