#pragma once
// Finds equal labels among those of layouts. Internal to writer.cc.

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/labels.h"

namespace tocsin {

/// A set of interned Labels: of equal ones the first is kept. One thread at a time.
class LabelSet {
 public:
  /// Forgets all, and what they took.
  void Clear() { *this = {}; }
  void Reserve(std::size_t count);
  void Insert(const Labels& labels);
  /// The labels of that content, inserted if there were none. Any order, as Labels' constructor.
  const Labels& Get(std::span<const LabelView> labels);
  bool empty() const { return labels_.empty(); }

 private:
  std::size_t PlaceOf(const Labels& labels) const;
  void Grow(std::size_t places);

  std::vector<Labels> labels_;
  std::vector<std::uint32_t> table_;  // index of labels_ + 1 by hash; 0: empty; linear probing
};

}  // namespace tocsin
