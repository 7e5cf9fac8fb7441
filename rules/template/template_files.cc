// Reading Alertmanager's `templates:`.

#include <glob.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "rules/template/parser.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  std::string text(kMaxTemplateBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

struct GlobResult : glob_t {
  GlobResult() : glob_t{} {}
  ~GlobResult() { globfree(this); }
  GlobResult(const GlobResult&) = delete;
  GlobResult& operator=(const GlobResult&) = delete;
};

}  // namespace

Result<std::vector<Library::File>> ReadTemplateGlobs(std::span<const std::string> globs) {
  std::vector<Library::File> files;
  for (const std::string& pattern : globs) {
    GlobResult found;
    const int status = glob(pattern.c_str(), 0, nullptr, &found);
    if (status == GLOB_NOMATCH) continue;
    if (status != 0) return Error{Errc::kIo, pattern + ": cannot be read"};
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      TRY_ASSIGN(std::string text, ReadFile(path));
      files.push_back({path, std::move(text)});
    }
  }
  return files;
}

}  // namespace tocsin::tmpl
