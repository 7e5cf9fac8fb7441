#pragma once
// bcrypt by the system's libcrypt, found when it is first needed.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::web {

/// $2a$, $2b$ or $2y$, a cost from 4 to 31, and 53 characters of salt and hash.
bool IsBcryptHash(std::string_view text);

/// Makes sure that BcryptMatches can work. Errors: kUnsupported, saying what to install.
Status LoadBcrypt();

/// Whether `hash` is that of `password`. Takes 2^cost steps (70 ms at cost 10) whatever they are.
/// After LoadBcrypt(). Thread-safe.
bool BcryptMatches(const std::string& hash, const std::string& password);

}  // namespace tocsin::web
