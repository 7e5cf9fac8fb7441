#pragma once
// The smallest pieces of the store's format: variable-length integers and streams of bits.
// Readers are safe on any bytes: past the end they deliver zeros and remember that they failed.

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace tocsin::store {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using Bytes = std::vector<std::uint8_t>;

/// Small magnitudes of either sign become small unsigned numbers: 0, -1, 1, -2 …
constexpr std::uint64_t ZigZag(std::uint64_t v) {
  return (v << 1) ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(v) >> 63);
}
constexpr std::uint64_t UnZigZag(std::uint64_t z) { return (z >> 1) ^ (0 - (z & 1)); }

/// LEB128: 7 bits a byte, the lowest first.
inline void PutVarint(std::uint64_t v, Bytes& out) {
  while (v >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(v | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(v));
}

template <class T>
void PutFixed(T v, Bytes& out) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &v, sizeof(T));
}

/// What PutFixed put at `at`.
template <class T>
T LoadFixed(const std::uint8_t* at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T v;
  std::memcpy(&v, at, sizeof(T));
  return v;
}

inline void PutText(std::string_view text, Bytes& out) {
  PutVarint(text.size(), out);
  out.insert(out.end(), text.begin(), text.end());
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes)
      : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t Left() const { return static_cast<std::size_t>(end_ - at_); }
  std::span<const std::uint8_t> Rest() const { return {at_, Left()}; }

  std::uint8_t Byte() {
    if (at_ == end_) {
      ok_ = false;
      return 0;
    }
    return *at_++;
  }

  std::uint64_t Varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = Byte();
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    ok_ = false;
    return 0;
  }

  template <class T>
  T Fixed() {
    if (Left() < sizeof(T)) {
      ok_ = false;
      at_ = end_;
      return {};
    }
    const T v = LoadFixed<T>(at_);
    at_ += sizeof(T);
    return v;
  }

  std::span<const std::uint8_t> Take(std::uint64_t size) {
    if (size > Left()) {
      ok_ = false;
      size = Left();
    }
    const std::span<const std::uint8_t> taken(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }

  std::string_view Text() {
    const auto bytes = Take(Varint());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

/// A Rice code's quotient is not written out past this: then the value follows in 64 bits.
inline constexpr unsigned kRiceEscape = 24;
inline constexpr unsigned kMaxRiceBits = 63;

/// Appends bits, the lowest first. Finish() pads the last byte with zeros.
class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}

  /// `count` ≤ 64; bits of `v` above them are zero.
  void Put(std::uint64_t v, unsigned count) {
    if (count == 0) return;
    held_ |= v << used_;
    if (used_ + count < 64) {
      used_ += count;
      return;
    }
    PutFixed(held_, out_);
    const unsigned written = 64 - used_;
    held_ = written == 64 ? 0 : v >> written;
    used_ = used_ + count - 64;
  }

  /// A Rice code of parameter `k`: the quotient v >> k in ones and a zero, then the k low bits.
  void PutRice(std::uint64_t v, unsigned k) {
    const std::uint64_t quotient = v >> k;
    if (quotient >= kRiceEscape) {
      Put((std::uint64_t{1} << kRiceEscape) - 1, kRiceEscape);
      Put(v, 64);
      return;
    }
    Put((std::uint64_t{1} << quotient) - 1, static_cast<unsigned>(quotient) + 1);
    Put(v & ((std::uint64_t{1} << k) - 1), k);
  }

  void Finish() {
    for (; used_ > 0; used_ = used_ > 8 ? used_ - 8 : 0) {
      out_.push_back(static_cast<std::uint8_t>(held_));
      held_ >>= 8;
    }
  }

 private:
  Bytes& out_;
  std::uint64_t held_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes)
      : next_(bytes.data()), end_(next_ + bytes.size()) {}

  /// False once more bits were taken than there are.
  bool ok() const { return ok_; }

  /// `count` ≤ 64.
  std::uint64_t Take(unsigned count) {
    if (count > kHeldAtLeast) {
      const std::uint64_t low = Take(32);
      return low | Take(count - 32) << 32;
    }
    Refill();
    const std::uint64_t v = held_ & ((std::uint64_t{1} << count) - 1);
    Drop(count);
    return v;
  }

  /// `k` ≤ kMaxRiceBits. Inline wherever it is called, so that the reader's state stays in
  /// registers from one number to the next.
  [[gnu::always_inline]] std::uint64_t TakeRice(unsigned k) {
    auto quotient = static_cast<unsigned>(std::countr_one(held_));
    if (quotient + 1 + k > count_) [[unlikely]] {
      Refill();
      quotient = static_cast<unsigned>(std::countr_one(held_));
    }
    if (quotient >= kRiceEscape) [[unlikely]] {
      Drop(kRiceEscape);
      return Take(64);
    }
    if (quotient + 1 + k <= kHeldAtLeast) [[likely]] {
      const std::uint64_t low = (held_ >> (quotient + 1)) & ((std::uint64_t{1} << k) - 1);
      Drop(quotient + 1 + k);
      return std::uint64_t{quotient} << k | low;
    }
    Drop(quotient + 1);
    return std::uint64_t{quotient} << k | Take(k);
  }

 private:
  static constexpr unsigned kHeldAtLeast = 56;

  /// Holds at least 56 bits, or all that are left.
  void Refill() {
    if (end_ - next_ >= 8) [[likely]] {
      // Whole bytes count; the bits above them are the next ones already, and come again.
      std::uint64_t word;
      std::memcpy(&word, next_, 8);
      held_ |= word << count_;
      next_ += (63 - count_) >> 3;
      count_ |= kHeldAtLeast;
      return;
    }
    for (; count_ <= kHeldAtLeast && next_ != end_; count_ += 8) {
      held_ |= std::uint64_t{*next_++} << count_;
    }
  }

  /// `count` ≤ 56.
  void Drop(unsigned count) {
    if (count > count_) [[unlikely]] {
      ok_ = false;
      held_ = 0;
      count_ = 0;
      return;
    }
    held_ >>= count;
    count_ -= count;
  }

  const std::uint8_t* next_;
  const std::uint8_t* end_;
  std::uint64_t held_ = 0;  // the next bits, zeros past the end
  unsigned count_ = 0;      // how many of them count
  bool ok_ = true;
};

}  // namespace tocsin::store
