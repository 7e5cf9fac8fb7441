#include "collectors/system/udev.h"

#include "base/parse.h"

namespace tocsin {

UdevProperties::UdevProperties(const HostFs& fs, std::string_view major, std::string_view minor) {
  std::string name("b");
  name.append(major).append(":").append(minor);
  path_ = fs.UdevPath(name);
}

bool UdevProperties::Refresh(const HostFs& fs, std::string& buffer) {
  const RawRead read = fs.ReadInto(path_, buffer);
  if (read.text == text_) return false;
  text_ = read.text;
  return true;
}

std::string_view UdevProperties::Get(std::string_view name) const {
  std::string_view value;
  for (std::string_view rest = text_; !rest.empty();) {
    std::string_view line = TakeLine(rest);
    if (!line.starts_with("E:")) continue;
    line.remove_prefix(2);
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) {
      value = line.substr(name.size() + 1);
    }
  }
  return value;
}

}  // namespace tocsin
