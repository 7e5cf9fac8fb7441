#include "metrics/label_set.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tocsin {

std::size_t LabelSet::PlaceOf(const Labels& labels) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t place = labels.hash() & mask;
  while (table_[place] != 0 && !(labels_[table_[place] - 1] == labels)) place = (place + 1) & mask;
  return place;
}

void LabelSet::Grow(std::size_t places) {
  table_.assign(places, 0);
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    table_[PlaceOf(labels_[i])] = static_cast<std::uint32_t>(i + 1);
  }
}

void LabelSet::Reserve(std::size_t count) {
  constexpr std::size_t kFewest = 16;
  const std::size_t places = std::bit_ceil(std::max(count * 4 / 3 + 1, kFewest));
  if (places > table_.size()) Grow(places);
}

void LabelSet::Insert(const Labels& labels) {
  Reserve(labels_.size() + 1);
  std::uint32_t& at = table_[PlaceOf(labels)];
  if (at != 0) return;
  labels_.push_back(labels);
  at = static_cast<std::uint32_t>(labels_.size());
}

const Labels& LabelSet::Get(std::span<const LabelView> labels) {
  const Labels wanted(labels);
  Reserve(labels_.size() + 1);
  std::uint32_t& at = table_[PlaceOf(wanted)];
  if (at == 0) {
    labels_.push_back(wanted.Interned());
    at = static_cast<std::uint32_t>(labels_.size());
  }
  return labels_[at - 1];
}

}  // namespace tocsin
