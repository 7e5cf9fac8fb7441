#pragma once
// Which keys of a Redis are queues: names, and patterns that SCAN resolves a bit at a time. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

enum class RedisType : std::uint8_t {
  kUnknown,  // not asked yet
  kAbsent,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kString,
  kStream,
  kOther,
};

/// As TYPE answers: "list", "zset", "none" …
RedisType RedisTypeNamed(std::string_view name);

/// The command that tells the size of such a key ("LLEN"); empty if there is none.
std::string_view RedisSizeCommand(RedisType type);

/// A sweep goes through all patterns, one after the other, and then begins anew: keys it did not
/// find are forgotten at its end. It goes as far in a round as the caller lets it.
class RedisKeys {
 public:
  struct Key {
    RedisType type = RedisType::kUnknown;
    bool named = false;       // in the configuration itself, not found by a pattern
    std::uint64_t sweep = 0;  // that saw it last
  };
  using Map = std::map<std::string, Key, std::less<>>;

  /// `wanted` are names or, with `*`, `?` or `[`, Redis's patterns. Past `max_keys` keys are left
  /// out and counted.
  RedisKeys(const std::vector<std::string>& wanted, std::size_t max_keys);

  /// What to ask for next: SCAN `cursor` MATCH `pattern`. Nothing if there are no patterns.
  struct Scan {
    std::string_view cursor;
    std::string_view pattern;
  };
  std::optional<Scan> Next() const;
  /// The answer. True if it was the last of a sweep.
  bool Take(std::string_view cursor, const std::vector<std::string_view>& found);

  Map& keys() { return keys_; }
  /// Of the last whole sweep, or of the one under way if it is more already.
  std::size_t dropped() const { return last_dropped_ > dropped_ ? last_dropped_ : dropped_; }

 private:
  void Add(std::string_view name);
  void EndSweep();

  const std::size_t max_keys_;
  std::vector<std::string> patterns_;
  Map keys_;
  std::size_t pattern_ = 0;
  std::string cursor_ = "0";
  std::uint64_t sweep_ = 1;
  std::size_t dropped_ = 0;
  std::size_t last_dropped_ = 0;
};

}  // namespace tocsin
