#pragma once
// What a collector worked out about the rows of a file that it reads again and again.

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/family.h"

namespace tocsin {

/// Keeps a T for each row of a file, found again by the row's place and checked by its key: a round
/// in which the same keys stand in the same places neither hashes nor allocates.
template <class T>
class RowCache {
 public:
  /// The T of row `index`, made by `make(key)` if another key or none stood there. Rows are asked
  /// for from 0 without gaps. The reference lives until the next call.
  template <class Make>
  T& At(std::size_t index, std::string_view key, Make&& make) {
    assert(index <= rows_.size());
    if (index == rows_.size()) {
      rows_.emplace_back(std::string(key), make(key));
    } else if (rows_[index].first != key) {
      rows_[index] = {std::string(key), make(key)};
    }
    return rows_[index].second;
  }

  /// The T of a row that At() has given.
  T& Get(std::size_t index) { return rows_[index].second; }

  /// Forgets the rows from `count` on, after a file has become shorter.
  void Truncate(std::size_t count) {
    if (count < rows_.size())
      rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(count), rows_.end());
  }

 private:
  std::vector<std::pair<std::string, T>> rows_;
};

/// A family whose name only the host knows (a field of a file). `spec()` points into it.
struct HostFamily {
  std::string name;
  std::string help;
  MetricType type = MetricType::kUnknown;

  FamilySpec spec() const { return {name, type, help}; }
};

}  // namespace tocsin
