#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "collectors/host_fs.h"

namespace tocsin {

/// Names of users from the host's etc/passwd, which is read again, at most once a minute, when an
/// unknown one turns up. One thread at a time.
class Users {
 public:
  explicit Users(const HostFs& fs);

  /// The user's name, or the number as text. The view lives until the next call.
  std::string_view NameOf(std::uint32_t uid, MonoTime now);

 private:
  void Load();

  const std::unique_ptr<HostFile> file_;
  std::unordered_map<std::uint32_t, std::string> names_;
  MonoTime read_at_ = MonoTime::min();
  std::string number_;
};

}  // namespace tocsin
