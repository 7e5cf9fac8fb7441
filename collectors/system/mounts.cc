#include "collectors/system/mounts.h"

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

/// The kernel writes blanks, newlines and backslashes as three octal digits after a backslash.
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (const auto byte = ParseInt<std::uint8_t>(text.substr(i + 1, 3), 8);
          byte && i + 3 < text.size()) {
        out += static_cast<char>(*byte);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool HasOption(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const auto comma = options.find(',');
    if (options.substr(0, comma) == option) return true;
    if (comma == std::string_view::npos) return false;
    options.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

Result<std::vector<Mount>> ParseMounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const std::string_view whole = line;
    if (whole.empty()) continue;
    const std::string_view device = TakeField(line);
    const std::string_view point = TakeField(line);
    const std::string_view type = TakeField(line);
    const std::string_view options = TakeField(line);
    if (options.empty()) return MalformedText("mounts", "device, place, type and options", whole);
    mounts.push_back(
        {std::string(device), Unescape(point), std::string(type), HasOption(options, "ro")});
  }
  return mounts;
}

}  // namespace tocsin
