// Any bytes as a configuration file: settings or an error, never a crash.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)tocsin::ParseSettings({reinterpret_cast<const char*>(data), size}, "fuzz.yml", {});
  return 0;
}
