#pragma once
// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104): keys of groups at receivers, signatures of
// links. Here so that no agent carries OpenSSL for it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest Sha256(std::string_view data);
Sha256Digest HmacSha256(std::string_view key, std::string_view data);

/// True if equal; takes the same time wherever they differ.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace tocsin
