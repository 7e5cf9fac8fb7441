#pragma once
#include <algorithm>
#include <string_view>

namespace tocsin::http {

/// Whether `text` may stand in a header's line (RFC 9110, 5.5): no control character but the tab.
inline bool IsFieldText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F';
  });
}

}  // namespace tocsin::http
