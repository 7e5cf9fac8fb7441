#include "base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tocsin {

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
