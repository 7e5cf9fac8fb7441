#pragma once
// Links by which whoever got a page says that he is at it: signed, so that only a page leads there,
// and good for a limited time.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::notify {

/// Immutable.
class LinkSigner {
 public:
  /// How long a link is good.
  static constexpr milliseconds kLife = std::chrono::hours(7 * 24);

  /// `key` is secret; links made with another one are refused.
  explicit LinkSigner(std::string key) : key_(std::move(key)) {}

  /// `group=HASH&until=SECONDS&signature=HMAC`, where HASH stands for the group key.
  std::string Query(std::string_view group_key, WallTime now) const;

  /// Whether Query() gave this. Errors: kInvalid for a signature that is not ours, kTimeout for a
  /// link whose time is over.
  Status Check(std::string_view group, std::string_view until, std::string_view signature,
               WallTime now) const;

 private:
  std::string Sign(std::string_view group, std::string_view until) const;

  std::string key_;
};

/// What stands for a group in a link: the SHA-256 of its key in hexadecimal.
std::string GroupHash(std::string_view group_key);

/// The key that is kept in `directory`/acknowledge.key (32 bytes, readable by its owner only), made
/// when there is none. Errors: kIo.
Result<std::string> KeepLinkKey(const std::string& directory);

/// A key for an agent that keeps nothing: its links end with it.
std::string NewLinkKey();

}  // namespace tocsin::notify
