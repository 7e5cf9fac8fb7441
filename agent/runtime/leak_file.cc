#include "agent/runtime/leak_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file.h"
#include "base/log.h"

namespace tocsin {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::string PathIn(const std::string& folder) { return folder + "/leaks.state"; }

/// Errors: kIo.
Status WriteAll(const std::string& path, std::string_view bytes) {
  const auto failed = [&] { return Error{Errc::kIo, path + ": " + std::strerror(errno)}; };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed();
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      Error error = failed();
      ::close(fd);
      return error;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool synced = ::fsync(fd) == 0;
  if (::close(fd) != 0 || !synced) return failed();
  return Unit{};
}

Status Replace(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  TRY(WriteAll(fresh, bytes));
  if (std::rename(fresh.c_str(), path.c_str()) == 0) return Unit{};
  return Error{Errc::kIo, path + ": " + std::strerror(errno)};
}

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
  const Status saved = Replace(PathIn(folder), EncodeLeaks(records));
  if (!saved) LogError("leaks are not saved", {{"error", saved.error().message()}});
}

}  // namespace tocsin
