#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tocsin {
namespace {

Status WriteAll(const std::string& path, std::string_view bytes, FileSync sync) {
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
  const bool synced = sync == FileSync::kNo || ::fsync(fd) == 0;
  if (::close(fd) != 0 || !synced) return failed();
  return Unit{};
}

}  // namespace

Status ReplaceFile(const std::string& path, std::string_view bytes, FileSync sync) {
  const std::string fresh = path + ".new";
  TRY(WriteAll(fresh, bytes, sync));
  if (std::rename(fresh.c_str(), path.c_str()) == 0) return Unit{};
  return Error{Errc::kIo, path + ": " + std::strerror(errno)};
}

Error FileError(const std::string& path, int error) {
  const bool absent = error == ENOENT || error == ENOTDIR;
  const Errc code = absent ? Errc::kNotFound : error == EOPNOTSUPP ? Errc::kUnsupported : Errc::kIo;
  return {code, path + ": " + std::strerror(error)};
}

Result<std::string> ReadWholeFile(const std::string& path, std::size_t max_bytes) {
  constexpr std::size_t kStep = std::size_t{1} << 16;
  const auto failed = [&path] { return Error{Errc::kIo, path + ": " + std::strerror(errno)}; };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return failed();
  std::string text;
  while (true) {
    const std::size_t before = text.size();
    text.resize(before + kStep);
    const std::size_t got = std::fread(text.data() + before, 1, kStep, file.get());
    text.resize(before + got);
    if (text.size() > max_bytes) {
      return Error{Errc::kLimit, path + ": larger than " + std::to_string(max_bytes) + " bytes"};
    }
    if (got < kStep) break;
  }
  if (std::ferror(file.get()) != 0) return failed();
  return text;
}

}  // namespace tocsin
