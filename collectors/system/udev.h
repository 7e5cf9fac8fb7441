#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "collectors/host_fs.h"

namespace tocsin {

/// The properties that udev keeps of one block device: lines "E:NAME=value" of a file in its
/// database.
class UdevProperties {
 public:
  UdevProperties(const HostFs& fs, std::string_view major, std::string_view minor);

  /// Reads the file again; true if it says something else than before. A device that udev does not
  /// know has no properties. Takes no heap while nothing changes.
  bool Refresh(const HostFs& fs, std::string& buffer);

  /// The value of the last line that sets `name`, or empty.
  std::string_view Get(std::string_view name) const;

 private:
  std::string path_;
  std::string text_;
};

}  // namespace tocsin
