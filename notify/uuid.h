#pragma once
#include <string>
#include <string_view>

namespace tocsin::notify {

/// From the kernel's generator.
std::string RandomBytes(std::size_t count);

/// A random (version 4) UUID.
std::string NewUuid();
bool IsUuid(std::string_view text);

}  // namespace tocsin::notify
