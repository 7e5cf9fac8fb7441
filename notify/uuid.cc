#include "notify/uuid.h"

#include <sys/random.h>

#include <array>
#include <cctype>
#include <cstring>
#include <random>

#include "base/hex.h"

namespace tocsin::notify {

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::random_device device;
    for (char& byte : bytes) byte = static_cast<char>(device());
  }
  return bytes;
}

std::string NewUuid() {
  std::array<unsigned char, 16> bytes{};
  std::memcpy(bytes.data(), RandomBytes(bytes.size()).data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
  return UuidText(bytes);
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

}  // namespace tocsin::notify
