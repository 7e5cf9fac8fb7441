#include "collectors/response/log_positions.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace tocsin {
namespace {

constexpr std::size_t kMostBytes = 4 << 20;
/// Of logs that are configured no longer, among them.
constexpr std::size_t kMostLogs = 1000;

}  // namespace

void LogPositions::Load() {
  if (std::exchange(loaded_, true)) return;
  struct stat info {};
  if (path_.empty() || ::stat(path_.c_str(), &info) != 0) return;
  auto positions = [&]() -> Result<std::vector<LogPosition>> {
    TRY_ASSIGN(const std::string text, ReadWholeFile(path_, kMostBytes));
    auto decoded = DecodeLogPositions(text);
    if (!decoded) return std::move(decoded).error().Under(path_);
    return decoded;
  }();
  if (positions) {
    saved_ = seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec);
    earlier_ = *std::move(positions);
  } else {
    LogWarn("positions in access logs are not known", {{"error", positions.error().message()}});
  }
}

void LogPositions::Resume(LogFollower& follower) {
  Load();
  const auto found =
      std::find_if(earlier_.begin(), earlier_.end(),
                   [&](const LogPosition& position) { return position.path == follower.path(); });
  if (found == earlier_.end()) return;
  follower.Resume(std::move(found->files), saved_);
  earlier_.erase(found);
}

void LogPositions::Save(std::vector<LogPosition> positions) {
  if (path_.empty()) return;
  const std::size_t room = kMostLogs - std::min(kMostLogs, positions.size());
  positions.insert(positions.end(), earlier_.begin(),
                   earlier_.begin() + static_cast<std::ptrdiff_t>(std::min(room, earlier_.size())));
  std::string text = EncodeLogPositions(positions);
  if (text == text_) return;
  const Status written = ReplaceFile(path_, text, FileSync::kNo);
  text_ = std::move(text);
  if (written) {
    told_ = false;
  } else if (!std::exchange(told_, true)) {
    LogError("positions in access logs are not kept", {{"error", written.error().message()}});
  }
}

}  // namespace tocsin
