#include "collectors/process/users.h"

#include <array>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr seconds kReadAgain(60);

}  // namespace

Users::Users(const HostFs& fs) : file_(fs.File(fs.RootPath("etc/passwd"))) {}

std::string_view Users::NameOf(std::uint32_t uid, MonoTime now) {
  auto found = names_.find(uid);
  if (found == names_.end() && (read_at_ == MonoTime::min() || now - read_at_ >= kReadAgain)) {
    read_at_ = now;
    Load();
    found = names_.find(uid);
  }
  if (found != names_.end()) return found->second;
  number_ = std::to_string(uid);
  return number_;
}

void Users::Load() {
  const auto text = file_->Read();
  if (!text) return;
  names_.clear();
  std::string_view rest = *text;
  while (!rest.empty()) {
    // NAME:PASSWORD:UID:…
    std::string_view line = TakeLine(rest);
    std::array<std::string_view, 3> fields;
    for (std::string_view& field : fields) {
      const auto end = line.find(':');
      field = line.substr(0, end);
      line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    const auto uid = ParseInt<std::uint32_t>(fields[2]);
    if (uid && !fields[0].empty()) names_.try_emplace(*uid, fields[0]);
  }
}

}  // namespace tocsin
