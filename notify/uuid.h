#pragma once
#include <string>
#include <string_view>

namespace tocsin::notify {

/// A random (version 4) UUID from the kernel's generator.
std::string NewUuid();
bool IsUuid(std::string_view text);

}  // namespace tocsin::notify
