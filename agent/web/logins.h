#pragma once
// Who may come in: Basic authentication against bcrypt hashes.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace tocsin::web {

/// Thread-safe. A login that was right once is recognised at once from then on, so that only wrong
/// and new ones cost a bcrypt. A name that does not exist costs as much as one that does.
class Logins {
 public:
  using Users = std::map<std::string, std::string>;  // name → bcrypt hash
  using Matches = bool (*)(const std::string& hash, const std::string& password);

  /// `matches`: BcryptMatches.
  explicit Logins(Matches matches);

  /// What was right stays so while the user's hash is the same. None: everybody may come in.
  void Set(Users users) EXCLUDES(mutex_);

  enum class Verdict { kRight, kWrong, kUnknown };
  /// Of an Authorization header. Quick; kUnknown: Check() must say.
  Verdict Judge(std::string_view authorization) EXCLUDES(mutex_);
  /// After kUnknown. Takes as long as bcrypt.
  bool Check(std::string_view authorization) EXCLUDES(mutex_);

 private:
  struct Known {
    std::string hash;
    std::string right;  // fingerprint of the login that was right last
  };
  std::string Fingerprint(std::string_view hash, std::string_view password) const;
  /// The hash that a name is checked against, also one that nobody has.
  std::string HashOf(std::string_view name) const REQUIRES(mutex_);

  const Matches matches_;
  const std::string salt_;  // so that fingerprints mean nothing outside this process
  Mutex mutex_;
  std::map<std::string, Known, std::less<>> users_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::web
