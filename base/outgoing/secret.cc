#include "base/outgoing/secret.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <ostream>

#include "base/parse.h"

namespace tocsin::outgoing {
namespace {

constexpr std::streamsize kMaxSecretBytes = 64 << 10;

Result<std::string> ReadSecretFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Errc::kIo, path + ": " + std::strerror(errno)};
  std::string text(static_cast<std::size_t>(kMaxSecretBytes) + 1, '\0');
  in.read(text.data(), kMaxSecretBytes + 1);
  if (in.bad()) return Error{Errc::kIo, path + ": cannot be read"};
  if (in.gcount() > kMaxSecretBytes) return Error{Errc::kLimit, path + ": larger than 64 KB"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return std::string(Trim(text));
}

}  // namespace

Result<std::string> Secret::Reveal() const {
  switch (kind_) {
    case Kind::kNone:
      return std::string();
    case Kind::kLiteral:
      return text_;
    case Kind::kFile:
      return ReadSecretFile(text_);
    case Kind::kEnvironment: {
      const char* value = std::getenv(text_.c_str());
      if (!value) {
        return Error{Errc::kNotFound, "the environment has no variable \"" + text_ + "\""};
      }
      return std::string(value);
    }
  }
  return std::string();
}

std::ostream& operator<<(std::ostream& out, const Secret& secret) {
  return out << (secret.empty() ? "" : "<secret>");
}

}  // namespace tocsin::outgoing
