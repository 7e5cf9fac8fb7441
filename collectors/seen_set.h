#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace tocsin {

/// Tells which texts came before in a round, without heap once it has grown. It keeps 64-bit
/// hashes: two texts taken for one are less likely than a broken memory chip.
class SeenSet {
 public:
  void Clear() {
    slots_.assign(slots_.size(), 0);
    count_ = 0;
  }

  /// False if `text` was inserted since the last Clear().
  bool Insert(std::string_view text) {
    if ((count_ + 1) * 2 > slots_.size()) Grow();
    const std::uint64_t hash = std::hash<std::string_view>{}(text) | 1;  // 0 is an empty slot
    if (!Place(hash)) return false;
    ++count_;
    return true;
  }

 private:
  bool Place(std::uint64_t hash) {
    std::size_t at = (hash >> 8) & (slots_.size() - 1);
    while (slots_[at] != 0) {
      if (slots_[at] == hash) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = hash;
    return true;
  }

  void Grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? 64 : slots_.size() * 2, 0);
    old.swap(slots_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) Place(hash);
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two
  std::size_t count_ = 0;
};

}  // namespace tocsin
