#pragma once
// A label that many Labels hold, kept once. Internal to labels.cc.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "metrics/labels.h"

namespace tocsin {

/// Immutable but for the count of its references. Of equal labels there is one at a time, so
/// equality is that of addresses. Thread-safe.
class LabelPair {
 public:
  /// The one for `label`, with a reference for the caller.
  static const LabelPair& Intern(const LabelView& label);

  /// Gives a reference back; the last one removes it.
  void Release() const;

  LabelView view() const {
    const char* const text = reinterpret_cast<const char*>(this + 1);
    return {{text, name_size_}, {text + name_size_, value_size_}};
  }

 private:
  friend class LabelPairTable;

  LabelPair(const LabelView& label, std::size_t hash);
  void AddRef() const { refs_.fetch_add(1, std::memory_order_relaxed); }

  mutable std::atomic<std::uint32_t> refs_{1};
  std::uint32_t name_size_;
  std::uint32_t value_size_;
  const std::size_t hash_;
  LabelPair* next_ = nullptr;  // of the same bucket
  // The text of name and value follows.
};

}  // namespace tocsin
