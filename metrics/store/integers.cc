#include "metrics/store/integers.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

namespace tocsin::store {
namespace {

using Numbers = std::array<std::uint64_t, kMaxRows>;

/// A Rice parameter and what it costs.
struct RiceChoice {
  unsigned k = 0;
  std::uint64_t bits = 0;
};

std::uint64_t RiceBits(std::span<const std::uint64_t> numbers, unsigned k) {
  std::uint64_t bits = 0;
  for (const std::uint64_t z : numbers) {
    const std::uint64_t quotient = z >> k;
    bits += quotient < kRiceEscape ? quotient + 1 + k : kRiceEscape + 64;
  }
  return bits;
}

/// The cost is nearly convex in k with its minimum near log2 of the mean.
RiceChoice ChooseRice(std::span<const std::uint64_t> numbers) {
  if (numbers.empty()) return {};
  double sum = 0;
  for (const std::uint64_t z : numbers) sum += static_cast<double>(z);
  const double mean = sum / static_cast<double>(numbers.size());
  const auto whole =
      mean >= 0x1p63 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(mean);
  const int guess = static_cast<int>(std::bit_width(whole)) - 1;
  RiceChoice best{0, std::numeric_limits<std::uint64_t>::max()};
  const int last = std::clamp(guess + 1, 0, static_cast<int>(kMaxRiceBits));
  for (int k = last; k >= 0; --k) {
    const std::uint64_t bits = RiceBits(numbers, static_cast<unsigned>(k));
    if (bits < best.bits) {
      best = {static_cast<unsigned>(k), bits};
    } else if (k < last - 1) {
      break;
    }
  }
  return best;
}

std::uint64_t SmallestSigned(std::span<const std::uint64_t> numbers) {
  return *std::min_element(numbers.begin(), numbers.end(), [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
  });
}

/// The median, which for most data is also the most frequent number.
std::uint64_t Typical(std::span<const std::uint64_t> numbers) {
  Numbers copy;
  std::copy(numbers.begin(), numbers.end(), copy.begin());
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(copy.begin(), middle, copy.begin() + static_cast<std::ptrdiff_t>(numbers.size()),
                   [](std::uint64_t a, std::uint64_t b) {
                     return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
                   });
  return *middle;
}

std::uint64_t VarintBits(std::uint64_t v) {
  return 8 * ((static_cast<std::uint64_t>(std::bit_width(v | 1)) + 6) / 7);
}

/// Numbers of which most are `base`: the others with their distances.
struct Exceptions {
  Numbers gaps;     // how many base values stand before the exception
  Numbers offsets;  // ZigZag(value - base) - 1
  std::size_t count = 0;
  RiceChoice gap_rice;
  RiceChoice offset_rice;

  std::uint64_t Bits() const { return 24 + gap_rice.bits + offset_rice.bits; }
};

void FindExceptions(std::span<const std::uint64_t> numbers, std::uint64_t base, Exceptions& out) {
  std::uint64_t gap = 0;
  for (const std::uint64_t v : numbers) {
    if (v == base) {
      ++gap;
      continue;
    }
    out.gaps[out.count] = gap;
    out.offsets[out.count++] = ZigZag(v - base) - 1;
    gap = 0;
  }
  out.gap_rice = ChooseRice({out.gaps.data(), out.count});
  out.offset_rice = ChooseRice({out.offsets.data(), out.count});
}

/// All candidates of one column, and the cheapest of them.
class Chooser {
 public:
  explicit Chooser(std::span<const std::uint64_t> values) : values_(values) {
    std::uint64_t differing = 0;
    for (const std::uint64_t v : values_) differing |= v - values_[0];
    shift_ = differing == 0 ? 0 : static_cast<unsigned>(std::countr_zero(differing));
    const std::size_t n = values_.size();
    for (std::size_t i = 0; i < n; ++i) plain_[i] = Shifted(values_[i] - values_[0]);
    for (std::size_t i = 1; i < n; ++i) delta_[i - 1] = plain_[i] - plain_[i - 1];
  }

  IntegerMode Write(Bytes& out) {
    if (Same()) {
      PutVarint(ZigZag(values_[0]), out);
      return IntegerMode::kConstant;
    }
    const std::span deltas(delta_.data(), values_.size() - 1);
    const std::span plain(plain_.data(), values_.size());
    typical_delta_ = Typical(deltas);
    typical_plain_ = Typical(plain);
    Try(IntegerMode::kDeltaSigned, typical_delta_, deltas, Signed{});
    Try(IntegerMode::kDeltaUnsigned, SmallestSigned(deltas), deltas, Unsigned{});
    Try(IntegerMode::kPlain, SmallestSigned(plain), plain, Unsigned{});
    TryDeltaOfDelta(deltas);
    TrySparse(IntegerMode::kSparseDelta, typical_delta_, deltas);
    TrySparse(IntegerMode::kSparsePlain, typical_plain_, plain);
    return WriteBest(out);
  }

 private:
  struct Signed {
    std::uint64_t operator()(std::uint64_t v) const { return ZigZag(v); }
  };
  struct Unsigned {
    std::uint64_t operator()(std::uint64_t v) const { return v; }
  };

  bool Same() const {
    return std::all_of(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(values_.size()),
                       [](std::uint64_t v) { return v == 0; });
  }

  std::uint64_t Shifted(std::uint64_t v) const {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(v) >> shift_);
  }

  template <class Map>
  void Try(IntegerMode mode, std::uint64_t base, std::span<const std::uint64_t> numbers, Map map) {
    Numbers coded;
    for (std::size_t i = 0; i < numbers.size(); ++i) coded[i] = map(numbers[i] - base);
    Consider(mode, base, {coded.data(), numbers.size()});
  }

  void TryDeltaOfDelta(std::span<const std::uint64_t> deltas) {
    Numbers coded;
    std::uint64_t last = deltas[0];
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      coded[i] = ZigZag(deltas[i] - last);
      last = deltas[i];
    }
    Consider(IntegerMode::kDeltaOfDelta, deltas[0], {coded.data(), deltas.size()});
  }

  void Consider(IntegerMode mode, std::uint64_t base, std::span<const std::uint64_t> coded) {
    const RiceChoice rice = ChooseRice(coded);
    const std::uint64_t bits = 16 + VarintBits(ZigZag(base)) + rice.bits;
    if (bits >= best_bits_) return;
    best_bits_ = bits;
    mode_ = mode;
    base_ = base;
    rice_ = rice;
    count_ = coded.size();
    std::copy(coded.begin(), coded.end(), coded_.begin());
  }

  void TrySparse(IntegerMode mode, std::uint64_t base, std::span<const std::uint64_t> numbers) {
    const auto usual = static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), base));
    if (usual < numbers.size() / 2) return;
    Exceptions found;
    FindExceptions(numbers, base, found);
    const std::uint64_t bits = 16 + VarintBits(ZigZag(base)) + found.Bits();
    if (bits >= best_bits_) return;
    best_bits_ = bits;
    mode_ = mode;
    base_ = base;
    exceptions_ = found;
  }

  IntegerMode WriteBest(Bytes& out) const {
    const bool sparse = mode_ == IntegerMode::kSparseDelta || mode_ == IntegerMode::kSparsePlain;
    PutVarint(ZigZag(values_[0]), out);
    out.push_back(static_cast<std::uint8_t>(shift_));
    PutVarint(ZigZag(base_), out);
    if (sparse) {
      out.push_back(static_cast<std::uint8_t>(exceptions_.gap_rice.k));
      out.push_back(static_cast<std::uint8_t>(exceptions_.offset_rice.k));
      PutVarint(exceptions_.count, out);
      BitWriter bits(out);
      for (std::size_t i = 0; i < exceptions_.count; ++i) {
        bits.PutRice(exceptions_.gaps[i], exceptions_.gap_rice.k);
        bits.PutRice(exceptions_.offsets[i], exceptions_.offset_rice.k);
      }
      bits.Finish();
      return mode_;
    }
    out.push_back(static_cast<std::uint8_t>(rice_.k));
    BitWriter bits(out);
    for (std::size_t i = 0; i < count_; ++i) bits.PutRice(coded_[i], rice_.k);
    bits.Finish();
    return mode_;
  }

  const std::span<const std::uint64_t> values_;
  unsigned shift_ = 0;
  Numbers plain_;  // (value - first) >> shift
  Numbers delta_;  // plain[i + 1] - plain[i]
  std::uint64_t typical_delta_ = 0;
  std::uint64_t typical_plain_ = 0;

  std::uint64_t best_bits_ = std::numeric_limits<std::uint64_t>::max();
  IntegerMode mode_ = IntegerMode::kDeltaSigned;
  std::uint64_t base_ = 0;
  RiceChoice rice_;
  Numbers coded_;
  std::size_t count_ = 0;
  Exceptions exceptions_;
};

/// The numbers that a sparse mode describes: `base` but for the exceptions.
bool ReadSparse(ByteReader& in, std::uint64_t base, std::span<std::uint64_t> numbers) {
  const unsigned gap_k = in.Byte();
  const unsigned offset_k = in.Byte();
  const std::uint64_t count = in.Varint();
  if (!in.ok() || gap_k > kMaxRiceBits || offset_k > kMaxRiceBits || count > numbers.size()) {
    return false;
  }
  std::fill(numbers.begin(), numbers.end(), base);
  BitReader bits(in.Rest());
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t gap = bits.TakeRice(gap_k);
    if (gap >= numbers.size() - at) return false;
    at += static_cast<std::size_t>(gap);
    numbers[at++] = base + UnZigZag(bits.TakeRice(offset_k) + 1);
  }
  return bits.ok();
}

}  // namespace

IntegerMode EncodeIntegers(std::span<const std::uint64_t> values, Bytes& out) {
  assert(!values.empty() && values.size() <= kMaxRows);
  return Chooser(values).Write(out);
}

bool DecodeIntegers(IntegerMode mode, std::span<const std::uint8_t> bytes,
                    std::span<std::uint64_t> out) {
  assert(!out.empty() && out.size() <= kMaxRows);
  ByteReader in(bytes);
  const std::uint64_t first = UnZigZag(in.Varint());
  if (mode == IntegerMode::kConstant) {
    std::fill(out.begin(), out.end(), first);
    return in.ok();
  }
  const unsigned shift = in.Byte();
  const std::uint64_t base = UnZigZag(in.Varint());
  if (!in.ok() || shift > 63) return false;

  const std::size_t n = out.size();
  if (mode == IntegerMode::kSparseDelta || mode == IntegerMode::kSparsePlain) {
    if (mode == IntegerMode::kSparsePlain) {
      if (!ReadSparse(in, base, out)) return false;
      for (std::uint64_t& v : out) v = first + (v << shift);
      return true;
    }
    if (!ReadSparse(in, base, out.subspan(1))) return false;
    out[0] = first;
    for (std::size_t i = 1; i < n; ++i) out[i] = out[i - 1] + (out[i] << shift);
    return true;
  }

  const unsigned k = in.Byte();
  if (!in.ok() || k > kMaxRiceBits) return false;
  BitReader bits(in.Rest());
  std::uint64_t at = first;
  switch (mode) {
    case IntegerMode::kDeltaSigned:
      out[0] = at;
      for (std::size_t i = 1; i < n; ++i) {
        out[i] = at += (base + UnZigZag(bits.TakeRice(k))) << shift;
      }
      break;
    case IntegerMode::kDeltaUnsigned:
      out[0] = at;
      for (std::size_t i = 1; i < n; ++i) out[i] = at += (base + bits.TakeRice(k)) << shift;
      break;
    case IntegerMode::kPlain:
      for (std::size_t i = 0; i < n; ++i) out[i] = first + ((base + bits.TakeRice(k)) << shift);
      break;
    case IntegerMode::kDeltaOfDelta: {
      out[0] = at;
      std::uint64_t delta = base;
      for (std::size_t i = 1; i < n; ++i) {
        delta += UnZigZag(bits.TakeRice(k));
        out[i] = at += delta << shift;
      }
      break;
    }
    default:
      return false;
  }
  return bits.ok();
}

}  // namespace tocsin::store
