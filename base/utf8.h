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

/// The length of the well-formed UTF-8 sequence that begins with `lead`.
constexpr std::size_t Utf8SequenceLength(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// Appends `text` as a JSON string with its quotes: control characters, quotes and backslashes
/// escaped, ill-formed UTF-8 replaced.
void AppendJsonString(std::string_view text, std::string& out);

/// At most `max` code points of `text`; a cut text ends in an ellipsis, which counts.
std::string CutText(std::string_view text, std::size_t max);

/// The same with at most `max` bytes.
std::string CutBytes(std::string_view text, std::size_t max);

/// `text` on one line and cut, for errors and logs.
std::string OneLine(std::string_view text, std::size_t max);

}  // namespace tocsin
