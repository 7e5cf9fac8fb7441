#include "notify/acknowledge_link.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/hex.h"
#include "base/parse.h"
#include "base/sha256.h"
#include "notify/uuid.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kKeyBytes = 32;

Error Failed(const std::string& path) {
  return Error{Errc::kIo, path + ": " + std::strerror(errno)};
}

/// Whole or not at all: a crash leaves no half of a key behind.
Status WriteKey(const std::string& path, std::string_view key) {
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                        S_IRUSR | S_IWUSR);
  if (fd < 0) return Failed(fresh);
  const bool written =
      ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(fd) == 0;
  const Error error = Failed(fresh);
  ::close(fd);
  if (!written) return error;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return Failed(path);
  return Unit{};
}

}  // namespace

std::string GroupHash(std::string_view group_key) { return HexText(Sha256(group_key)); }

std::string LinkSigner::Sign(std::string_view group, std::string_view until) const {
  std::string signed_text = "acknowledge\n";
  signed_text.append(group).append("\n").append(until);
  return HexText(HmacSha256(key_, signed_text));
}

std::string LinkSigner::Query(std::string_view group_key, WallTime now) const {
  const std::string group = GroupHash(group_key);
  const std::string until = std::to_string(ToMillis(now + kLife) / 1000);
  return "group=" + group + "&until=" + until + "&signature=" + Sign(group, until);
}

Status LinkSigner::Check(std::string_view group, std::string_view until, std::string_view signature,
                         WallTime now) const {
  const auto end = ParseInt<std::int64_t>(until);
  if (!end || !EqualInConstantTime(Sign(group, until), signature)) {
    return Error{Errc::kInvalid, "this link is not signed by this agent"};
  }
  if (*end < ToMillis(now) / 1000) return Error{Errc::kTimeout, "the time of this link is over"};
  return Unit{};
}

std::string NewLinkKey() { return RandomBytes(kKeyBytes); }

Result<std::string> KeepLinkKey(const std::string& directory) {
  const std::string path = directory + "/acknowledge.key";
  if (auto kept = ReadWholeFile(path, kKeyBytes); kept && kept->size() == kKeyBytes) return kept;
  std::string key = NewLinkKey();
  TRY(WriteKey(path, key));
  return key;
}

}  // namespace tocsin::notify
