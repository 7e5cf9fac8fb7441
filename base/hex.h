#pragma once
// Bytes as hexadecimal digits, two a byte.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tocsin {

inline constexpr std::string_view kLowerHex = "0123456789abcdef";
inline constexpr std::string_view kUpperHex = "0123456789ABCDEF";

inline void AppendHex(unsigned char byte, std::string& out, std::string_view digits = kLowerHex) {
  out += digits[byte >> 4U];
  out += digits[byte & 0xfU];
}
inline void AppendHex(std::string_view bytes, std::string& out,
                      std::string_view digits = kLowerHex) {
  for (const char c : bytes) AppendHex(static_cast<unsigned char>(c), out, digits);
}

/// In lower case.
inline std::string HexText(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) AppendHex(byte, text);
  return text;
}

/// "01234567-89ab-cdef-0123-456789abcdef" (RFC 9562, 4).
inline std::string UuidText(std::span<const std::uint8_t, 16> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    AppendHex(bytes[i], text);
  }
  return text;
}

}  // namespace tocsin
