#include "metrics/store/column.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "metrics/sample.h"

namespace tocsin::store {
namespace {

// The tag, the first byte of a column.
constexpr std::uint8_t kModeMask = 0x07;
constexpr std::uint8_t kHasGaps = 0x08;
constexpr unsigned kScaleShift = 4;

// How integers stand for doubles: the tag's upper four bits.
constexpr unsigned kInteger = 0;           // v = k
constexpr unsigned kMaxDivided = 9;        // 1 … 9: v = k / 10^scale
constexpr unsigned kFirstMultiplied = 10;  // v = k * factor
constexpr std::array<double, 5> kFactors = {1e-2, 1e-3, 1e-6, 1e-9, 1e-1};
constexpr unsigned kBits = 15;  // the double's bits
constexpr std::array<double, kMaxDivided + 1> kPowers = {1,   1e1, 1e2, 1e3, 1e4,
                                                         1e5, 1e6, 1e7, 1e8, 1e9};

/// Integers up to here are doubles exactly, and so are not rounded before they are scaled.
constexpr double kMaxScaled = 0x1p53;
constexpr double kMaxInteger = 0x1p62;

using Values = std::array<std::uint64_t, kMaxRows>;

double Unscale(std::uint64_t k, unsigned scale) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(k));
  if (scale <= kMaxDivided) return whole / kPowers[scale];
  return whole * kFactors[scale - kFirstMultiplied];
}

/// The integer that stands for `v` under `scale`, if one does to the last bit.
bool Scale(double v, unsigned scale, std::uint64_t& k) {
  const double exact =
      scale <= kMaxDivided ? v * kPowers[scale] : v / kFactors[scale - kFirstMultiplied];
  if (!(std::fabs(exact) <= (scale == kInteger ? kMaxInteger : kMaxScaled))) return false;
  k = static_cast<std::uint64_t>(scale == kInteger ? static_cast<std::int64_t>(exact)
                                                   : std::llrint(exact));
  return std::bit_cast<std::uint64_t>(Unscale(k, scale)) == std::bit_cast<std::uint64_t>(v);
}

/// The first scale under which all of `bits` are integers; these replace them.
unsigned ChooseScale(std::span<std::uint64_t> bits) {
  Values scaled;
  for (unsigned scale = kInteger; scale < kBits; ++scale) {
    std::size_t i = 0;
    while (i < bits.size() && Scale(std::bit_cast<double>(bits[i]), scale, scaled[i])) ++i;
    if (i < bits.size()) continue;
    std::copy_n(scaled.begin(), bits.size(), bits.begin());
    return scale;
  }
  return kBits;
}

bool IsSample(std::uint64_t bits) { return bits != kStaleNanBits && bits != kAbsentBits; }

/// Writes which rows are samples, stale markers or absent, and keeps the samples' values.
std::size_t EncodeGaps(std::span<const std::uint64_t> rows, Values& samples, Bytes& out) {
  std::size_t count = 0;
  std::size_t at = 0;
  const auto run = [&](auto&& belongs) {
    const std::size_t start = at;
    while (at < rows.size() && belongs(rows[at])) ++at;
    return at - start;
  };
  const auto absent = [](std::uint64_t v) { return v == kAbsentBits; };
  PutVarint(run(absent), out);
  while (at < rows.size()) {
    const std::size_t start = at;
    PutVarint(run(IsSample), out);
    for (std::size_t i = start; i < at; ++i) samples[count++] = rows[i];
    if (at == rows.size()) break;
    const bool stale = rows[at] == kStaleNanBits;
    if (stale) ++at;
    PutVarint(run(absent) * 2 + (stale ? 1 : 0), out);
  }
  return count;
}

/// Fills `rows` with 0 for samples, and the markers; returns the number of samples, or nothing
/// (kMaxRows + 1) if the runs do not fit the rows.
std::size_t DecodeGaps(ByteReader& in, std::span<std::uint64_t> rows) {
  constexpr std::size_t kBad = kMaxRows + 1;
  std::size_t at = 0;
  std::size_t samples = 0;
  const auto fill = [&](std::uint64_t count, std::uint64_t with) {
    if (count > rows.size() - at) return false;
    std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(at), count, with);
    at += static_cast<std::size_t>(count);
    return true;
  };
  if (!fill(in.Varint(), kAbsentBits)) return kBad;
  while (at < rows.size()) {
    const std::uint64_t present = in.Varint();
    if (!fill(present, 0)) return kBad;
    samples += static_cast<std::size_t>(present);
    if (at == rows.size()) break;
    const std::uint64_t rest = in.Varint();
    if (rest == 0 || !in.ok()) return kBad;  // would not move on
    if (rest % 2 == 1 && !fill(1, kStaleNanBits)) return kBad;
    if (!fill(rest / 2, kAbsentBits)) return kBad;
  }
  return in.ok() ? samples : kBad;
}

bool DecodeValues(std::uint8_t tag, std::span<const std::uint8_t> bytes,
                  std::span<std::uint64_t> out, std::size_t from) {
  const auto mode = static_cast<IntegerMode>(tag & kModeMask);
  const unsigned scale = tag >> kScaleShift;
  if (mode == IntegerMode::kConstant) {
    if (!DecodeIntegers(mode, bytes, out.first(1))) return false;
    if (scale != kBits) out[0] = std::bit_cast<std::uint64_t>(Unscale(out[0], scale));
    std::fill(out.begin() + 1, out.end(), out[0]);
    return true;
  }
  if (!DecodeIntegers(mode, bytes, out)) return false;
  if (scale == kBits) return true;
  const auto wanted = out.subspan(from);
  if (scale == kInteger) {
    for (std::uint64_t& v : wanted) {
      v = std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(v)));
    }
    return true;
  }
  for (std::uint64_t& v : wanted) v = std::bit_cast<std::uint64_t>(Unscale(v, scale));
  return true;
}

}  // namespace

void EncodeColumn(std::span<const std::uint64_t> rows, Bytes& out) {
  assert(!rows.empty() && rows.size() <= kMaxRows);
  const std::size_t tag_at = out.size();
  out.push_back(0);

  Values samples;
  std::size_t count = rows.size();
  const bool gaps = !std::all_of(rows.begin(), rows.end(), IsSample);
  if (gaps) {
    count = EncodeGaps(rows, samples, out);
  } else {
    std::copy(rows.begin(), rows.end(), samples.begin());
  }
  std::uint8_t tag = gaps ? kHasGaps : 0;
  if (count > 0) {
    const std::span<std::uint64_t> values(samples.data(), count);
    const unsigned scale = ChooseScale(values);
    tag = static_cast<std::uint8_t>(tag | scale << kScaleShift);
    tag = static_cast<std::uint8_t>(tag | static_cast<std::uint8_t>(EncodeIntegers(values, out)));
  }
  out[tag_at] = tag;
}

ColumnKind DecodeColumn(std::span<const std::uint8_t> bytes, std::span<std::uint64_t> rows,
                        std::size_t from) {
  assert(!rows.empty() && rows.size() <= kMaxRows && from < rows.size());
  ByteReader in(bytes);
  const std::uint8_t tag = in.Byte();
  if (!in.ok() || (tag & kModeMask) >= kIntegerModes) return ColumnKind::kCorrupt;
  if ((tag & kHasGaps) == 0) {
    return DecodeValues(tag, in.Rest(), rows, from) ? ColumnKind::kFull : ColumnKind::kCorrupt;
  }

  const std::size_t count = DecodeGaps(in, rows);
  if (count > rows.size()) return ColumnKind::kCorrupt;
  if (count == 0) return ColumnKind::kGaps;
  Values samples;
  if (!DecodeValues(tag, in.Rest(), {samples.data(), count}, 0)) return ColumnKind::kCorrupt;
  const std::uint64_t* next = samples.data();
  for (std::uint64_t& row : rows) {
    if (row == 0) row = *next++;
  }
  return ColumnKind::kGaps;
}

}  // namespace tocsin::store
