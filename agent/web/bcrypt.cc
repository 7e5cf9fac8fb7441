#include "agent/web/bcrypt.h"

#include <crypt.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

#include "base/parse.h"
#include "base/sha256.h"
#include "base/shared_library.h"

namespace tocsin::web {
namespace {

constexpr std::size_t kHashSize = 60;

using Crypt = decltype(&::crypt_rn);
std::atomic<Crypt> crypt_function = nullptr;

}  // namespace

bool IsBcryptHash(std::string_view text) {
  if (text.size() != kHashSize) return false;
  const std::string_view kind = text.substr(0, 4);
  const auto cost = ParseInt<unsigned>(text.substr(4, 2));
  const std::string_view rest = text.substr(7);
  return (kind == "$2a$" || kind == "$2b$" || kind == "$2y$") && cost && *cost >= 4 &&
         *cost <= 31 && text[6] == '$' && std::all_of(rest.begin(), rest.end(), [](char c) {
           return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

Status LoadBcrypt() {
  if (crypt_function.load()) return Unit{};
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Load("libcrypt.so.1", "libcrypt1"));
  Crypt found = nullptr;
  if (!library.Find("crypt_rn", found)) {
    return Error{Errc::kUnsupported, "libcrypt.so.1 is without crypt_rn"};
  }
  crypt_function = found;
  return Unit{};
}

bool BcryptMatches(const std::string& hash, const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  const char* const computed =
      crypt_function.load()(password.c_str(), hash.c_str(), data.get(), sizeof(crypt_data));
  const bool whole = password.find('\0') == std::string::npos;  // crypt stops there
  return computed && EqualInConstantTime(computed, hash) && whole;
}

}  // namespace tocsin::web
