#pragma once
// The directories of sysfs that hold one directory a device.

#include <memory>
#include <string>
#include <string_view>

#include "collectors/host_fs.h"
#include "collectors/row_cache.h"

namespace tocsin {

/// Lists such a directory every round and keeps a T for each entry while it stands where it stood.
/// One thread at a time.
template <class T>
class DeviceDir {
 public:
  DeviceDir(const HostFs& fs, std::string path) : path_(std::move(path)), dir_(fs.Dir(path_)) {}

  /// Calls `visit(name, T&)` for each entry, sorted by name; `make(name, path)` makes a T, the path
  /// ending with a slash. Errors: of HostDir::List, or the first of `visit`.
  template <class Make, class Visit>
  Status ForEach(Make&& make, Visit&& visit) {
    TRY_ASSIGN(const auto names, dir_->List());
    devices_.Truncate(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      T& device = devices_.At(i, names[i], [&](std::string_view name) {
        return make(name, path_ + "/" + std::string(name) + "/");
      });
      TRY(visit(names[i], device));
    }
    return Unit{};
  }

 private:
  std::string path_;
  std::unique_ptr<HostDir> dir_;
  RowCache<T> devices_;
};

/// The number of a name like "node12" after "node"; empty if it is none.
inline std::string_view NumberAfter(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos
             ? name
             : std::string_view{};
}

}  // namespace tocsin
