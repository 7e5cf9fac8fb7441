#include "collectors/response/statsd/distinct.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace tocsin::statsd {
namespace {

/// splitmix64's finaliser: std::hash alone need not spread its bits.
std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

void DistinctCount::Add(std::string_view value) {
  const std::uint64_t hash = Mix(std::hash<std::string_view>{}(value));
  if (!registers_.empty()) return AddRegister(hash);
  const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
  if (at != hashes_.end() && *at == hash) return;
  if (hashes_.size() < kExact) {
    hashes_.insert(at, hash);
    return;
  }
  registers_.assign(std::size_t{1} << kIndexBits, 0);
  for (const std::uint64_t known : hashes_) AddRegister(known);
  AddRegister(hash);
  hashes_ = {};
}

void DistinctCount::AddRegister(std::uint64_t hash) {
  constexpr std::uint64_t kStop = std::uint64_t{1} << (kIndexBits - 1);  // ends the zeros
  const auto rank = static_cast<std::uint8_t>(std::countl_zero((hash << kIndexBits) | kStop) + 1);
  std::uint8_t& reg = registers_[hash >> (64 - kIndexBits)];
  reg = std::max(reg, rank);
}

double DistinctCount::Estimate() const {
  if (registers_.empty()) return static_cast<double>(hashes_.size());
  const auto m = static_cast<double>(registers_.size());
  double sum = 0;
  double zeros = 0;
  for (const std::uint8_t reg : registers_) {
    sum += std::ldexp(1.0, -reg);
    zeros += reg == 0 ? 1 : 0;
  }
  const double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  // Linear counting is better while registers are empty.
  return std::round(raw <= 2.5 * m && zeros > 0 ? m * std::log(m / zeros) : raw);
}

void DistinctCount::Clear() {
  hashes_.clear();
  registers_.clear();
}

}  // namespace tocsin::statsd
