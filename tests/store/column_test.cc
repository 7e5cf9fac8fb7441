#include "metrics/store/column.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "metrics/sample.h"

namespace tocsin::store {
namespace {

using Rows = std::vector<std::uint64_t>;

Rows FromDoubles(const std::vector<double>& values) {
  Rows rows;
  for (const double v : values) rows.push_back(std::bit_cast<std::uint64_t>(v));
  return rows;
}

/// Encodes, decodes, compares every bit; returns the encoded size.
std::size_t RoundTrip(const Rows& rows) {
  Bytes bytes;
  EncodeColumn(rows, bytes);
  Rows back(rows.size(), 1);
  const ColumnKind kind = DecodeColumn(bytes, back);
  EXPECT_NE(kind, ColumnKind::kCorrupt);
  const bool absent = std::find(rows.begin(), rows.end(), kAbsentBits) != rows.end();
  EXPECT_TRUE(!absent || kind == ColumnKind::kGaps);
  EXPECT_EQ(back, rows);
  // The later rows alone.
  const std::size_t from = rows.size() * 2 / 3;
  std::fill(back.begin(), back.end(), 1);
  EXPECT_EQ(DecodeColumn(bytes, back, from), kind);
  EXPECT_TRUE(std::equal(back.begin() + static_cast<std::ptrdiff_t>(from), back.end(),
                         rows.begin() + static_cast<std::ptrdiff_t>(from)));
  return bytes.size();
}

template <class F>
std::vector<double> Generate(std::size_t n, F f) {
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = f(i);
  return values;
}

TEST(ColumnTest, AConstantTakesAFewBytes) {
  EXPECT_EQ(RoundTrip(FromDoubles(std::vector<double>(120, 0))), 2u);
  EXPECT_LE(RoundTrip(FromDoubles(std::vector<double>(120, 1024.0 * 1024))), 5u);
  EXPECT_LE(RoundTrip(FromDoubles(std::vector<double>(120, 0.25))), 3u);
  EXPECT_LE(RoundTrip(FromDoubles(std::vector<double>(120, M_PI))), 11u);
}

TEST(ColumnTest, HostDataIsSmall) {
  std::mt19937_64 random(1);
  const auto steady = Generate(120, [](std::size_t i) { return 1e6 + 100.0 * double(i); });
  EXPECT_LE(RoundTrip(FromDoubles(steady)), 14u);

  double ticks = 123456;
  const auto cpu_seconds = Generate(120, [&](std::size_t) {
    ticks += 99 + static_cast<double>(random() % 2);
    return ticks / 100;
  });
  EXPECT_LE(RoundTrip(FromDoubles(cpu_seconds)), 120 * 2 / 8 + 12u);

  double kilobytes = 4e6;
  const auto memory = Generate(120, [&](std::size_t) {
    kilobytes += static_cast<double>(random() % 512) - 256;
    return kilobytes * 1024;
  });
  EXPECT_LE(RoundTrip(FromDoubles(memory)), 120 * 11 / 8 + 14u);

  const auto rare = Generate(120, [](std::size_t i) { return i < 40 ? 7.0 : i < 90 ? 8.0 : 11.0; });
  EXPECT_LE(RoundTrip(FromDoubles(rare)), 16u);

  const auto milliseconds =
      Generate(120, [&](std::size_t) { return static_cast<double>(random() % 64) * 0.001; });
  EXPECT_LE(RoundTrip(FromDoubles(milliseconds)), 120 * 8 / 8 + 8u);
}

TEST(ColumnTest, NoiseTakesLittleMoreThanItsBits) {
  std::mt19937_64 random(2);
  Rows rows(kMaxRows);
  for (auto& v : rows) v = random();
  EXPECT_LE(RoundTrip(rows), kMaxRows * 8 + kMaxRows / 2);
}

TEST(ColumnTest, OddValuesComeBackBitForBit) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> odd = {0.0,
                                   -0.0,
                                   inf,
                                   -inf,
                                   std::numeric_limits<double>::denorm_min(),
                                   std::numeric_limits<double>::max(),
                                   -std::numeric_limits<double>::max(),
                                   0x1p53,
                                   0x1p53 + 2,
                                   0x1p62,
                                   0x1p63,
                                   0x1p64,
                                   -0x1p63,
                                   1e300,
                                   0.1,
                                   0.30000000000000004,
                                   1e-9,
                                   123456789.123456789};
  Rows all = FromDoubles(odd);
  all.push_back(kNormalNanBits);
  all.push_back(kStaleNanBits);
  all.push_back(0xfff8000000000000);
  all.push_back(0x7ff0000000000001);
  all.push_back(kAbsentBits);
  for (const std::uint64_t v : all) {
    RoundTrip({v});
    RoundTrip(Rows(5, v));
    for (const std::uint64_t w : all) RoundTrip({v, w, w, v, v, w});
  }
  RoundTrip(all);
}

TEST(ColumnTest, RandomMixturesComeBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 3000; ++round) {
    Rows rows(1 + random() % kMaxRows);
    const unsigned kind = static_cast<unsigned>(random() % 7);
    const unsigned odd_in = static_cast<unsigned>(random() % 3);
    const unsigned width = static_cast<unsigned>(random() % 63);
    double v = static_cast<double>(random() >> (random() % 64));
    for (auto& row : rows) {
      const auto step = static_cast<double>(random() >> (63 - width));
      switch (kind) {
        case 0:
          v += step;
          break;
        case 1:
          v = step / 1000;
          break;
        case 2:
          v = (random() % 8 == 0) ? step : v;
          break;
        case 3:
          v += 15;
          break;
        case 4:
          v = std::sqrt(step);
          break;
        case 5:
          v += step * 0.01;
          break;
        default:
          v = std::bit_cast<double>(random());
      }
      row = std::bit_cast<std::uint64_t>(v);
      if (odd_in == 1 && random() % 20 == 0) row = kStaleNanBits;
      if (odd_in == 2 && random() % 4 == 0) row = random() % 2 == 0 ? kAbsentBits : kStaleNanBits;
    }
    RoundTrip(rows);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(ColumnTest, CutOrChangedBytesNeverCrash) {
  std::mt19937_64 random(4);
  Rows back(120);
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Rows rows(120);
    double v = 0;
    for (auto& row : rows) {
      v += static_cast<double>(random() % 1000) * (round % 3 == 0 ? 0.37 : 1);
      row = random() % 30 == 0 ? kStaleNanBits : std::bit_cast<std::uint64_t>(v);
    }
    Bytes bytes;
    EncodeColumn(rows, bytes);
    if (round % 2 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1 << random() % 8);
    }
    bytes.shrink_to_fit();
    if (DecodeColumn(bytes, back) == ColumnKind::kCorrupt) ++refused;
  }
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace tocsin::store
