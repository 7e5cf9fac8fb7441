#include "agent/runtime/leak_file.h"

#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

namespace tocsin {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::string PathIn(const std::string& folder) { return folder + "/leaks.state"; }

}  // namespace

std::vector<LeakRecord> LoadLeaks(const std::string& folder) {
  const std::string path = PathIn(folder);
  if (::access(path.c_str(), F_OK) != 0) return {};
  auto records = [&]() -> Result<std::vector<LeakRecord>> {
    TRY_ASSIGN(const std::string bytes, ReadWholeFile(path, kMostBytes));
    auto decoded = DecodeLeaks(bytes);
    if (!decoded) return std::move(decoded).error().Under(path);
    return decoded;
  }();
  if (records) return *std::move(records);
  LogWarn("leak rules begin anew", {{"error", records.error().message()}});
  return {};
}

void SaveLeaks(const std::string& folder, std::span<const LeakRecord> records) {
  const Status saved = ReplaceFile(PathIn(folder), EncodeLeaks(records), FileSync::kYes);
  if (!saved) LogError("leaks are not saved", {{"error", saved.error().message()}});
}

}  // namespace tocsin
