#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

/// What standard base64 with padding (RFC 4648, 4) stands for, or nothing if `text` is not exactly
/// that.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace tocsin
