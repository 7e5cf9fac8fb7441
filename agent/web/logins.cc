#include "agent/web/logins.h"

#include <iterator>
#include <optional>
#include <random>
#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/sha256.h"

namespace tocsin::web {
namespace {

struct Credentials {
  std::string name;
  std::string password;
};

std::optional<Credentials> ReadBasic(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  if (!EqualsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto text = DecodeBase64(authorization.substr(kScheme.size()));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::string RandomText() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 8; ++i) text += std::to_string(random());
  return text;
}

}  // namespace

Logins::Logins(Matches matches) : matches_(matches), salt_(RandomText()) {}

void Logins::Set(Users users) {
  const MutexLock lock(mutex_);
  std::map<std::string, Known, std::less<>> next;
  for (auto& [name, hash] : users) {
    Known known{std::move(hash), {}};
    const auto old = users_.find(name);
    if (old != users_.end() && old->second.hash == known.hash) known.right = old->second.right;
    next.emplace(name, std::move(known));
  }
  users_ = std::move(next);
}

std::string Logins::Fingerprint(std::string_view hash, std::string_view password) const {
  std::string message(hash);
  message.append(password);  // a hash has a fixed size
  return HexText(HmacSha256(salt_, message));
}

std::string Logins::HashOf(std::string_view name) const {
  // Always the same one for a name, so that its cost tells nothing even where costs differ; chosen
  // for a name that there is as well, as two microseconds show over thousands of tries.
  const auto pick = Sha256(salt_ + std::string(name))[0] % users_.size();
  const auto decoy = std::next(users_.begin(), static_cast<std::ptrdiff_t>(pick));
  const auto found = users_.find(name);
  return (found != users_.end() ? found : decoy)->second.hash;
}

Logins::Verdict Logins::Judge(std::string_view authorization) {
  const MutexLock lock(mutex_);
  if (users_.empty()) return Verdict::kRight;
  const auto login = ReadBasic(authorization);
  if (!login) return Verdict::kWrong;
  const std::string fingerprint = Fingerprint(HashOf(login->name), login->password);
  const auto user = users_.find(login->name);
  const bool right = user != users_.end() && !user->second.right.empty() &&
                     EqualInConstantTime(user->second.right, fingerprint);
  return right ? Verdict::kRight : Verdict::kUnknown;
}

bool Logins::Check(std::string_view authorization) {
  const auto login = ReadBasic(authorization);
  if (!login) return false;
  std::string hash;
  {
    const MutexLock lock(mutex_);
    if (users_.empty()) return true;
    hash = HashOf(login->name);
  }
  const bool matches = matches_(hash, login->password);
  const MutexLock lock(mutex_);
  const auto user = users_.find(login->name);
  if (user == users_.end() || user->second.hash != hash || !matches) return false;
  user->second.right = Fingerprint(hash, login->password);
  return true;
}

}  // namespace tocsin::web
