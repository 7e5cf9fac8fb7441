#pragma once
// Passwords, tokens and addresses that contain them. Printing one gives <secret>; only Reveal()
// gives what it stands for, at the moment of use, so that a rotated file needs no reload.

#include <iosfwd>
#include <string>

#include "base/result.h"

namespace tocsin::outgoing {

class Secret {
 public:
  Secret() = default;
  static Secret Literal(std::string value) { return Secret(Kind::kLiteral, std::move(value)); }
  /// The contents of a file without trailing blanks, read at each use.
  static Secret File(std::string path) { return Secret(Kind::kFile, std::move(path)); }
  /// A variable of the environment, read at each use.
  static Secret Environment(std::string name) {
    return Secret(Kind::kEnvironment, std::move(name));
  }

  bool empty() const { return kind_ == Kind::kNone; }

  /// Errors: kIo for an unreadable file (with its path), kNotFound for a variable that is not set,
  /// kLimit for a file over 64 KB. An empty Secret reveals "".
  Result<std::string> Reveal() const;

 private:
  enum class Kind { kNone, kLiteral, kFile, kEnvironment };
  Secret(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

  Kind kind_ = Kind::kNone;
  std::string text_;
};

std::ostream& operator<<(std::ostream& out, const Secret& secret);

}  // namespace tocsin::outgoing
