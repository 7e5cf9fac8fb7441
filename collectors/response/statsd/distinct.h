#pragma once
// How many different values there are, in bounded memory: exact up to 512, then by HyperLogLog
// (Flajolet et al. 2007) with an error of some 1.6 %.

#include <cstdint>
#include <string_view>
#include <vector>

namespace tocsin::statsd {

/// One thread at a time.
class DistinctCount {
 public:
  void Add(std::string_view value);
  double Estimate() const;
  void Clear();

 private:
  static constexpr std::size_t kExact = 512;
  static constexpr int kIndexBits = 12;

  void AddRegister(std::uint64_t hash);

  std::vector<std::uint64_t> hashes_;  // sorted; until registers_ are used
  std::vector<std::uint8_t> registers_;
};

}  // namespace tocsin::statsd
