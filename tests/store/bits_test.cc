#include "metrics/store/bits.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin::store {
namespace {

TEST(VarintTest, EveryLengthComesBack) {
  Bytes bytes;
  std::vector<std::uint64_t> values = {0, 1, 127, 128};
  for (unsigned bit = 8; bit < 64; ++bit) values.push_back((std::uint64_t{1} << bit) - 1);
  values.push_back(~std::uint64_t{0});
  for (const std::uint64_t v : values) PutVarint(v, bytes);
  ByteReader in(bytes);
  for (const std::uint64_t v : values) EXPECT_EQ(in.Varint(), v);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.Left(), 0u);
}

TEST(VarintTest, WithoutEndIsNotOk) {
  const Bytes bytes(11, 0xff);
  ByteReader endless(bytes);
  endless.Varint();
  EXPECT_FALSE(endless.ok());
  ByteReader cut(std::span<const std::uint8_t>(bytes).first(3));
  cut.Varint();
  EXPECT_FALSE(cut.ok());
}

TEST(ByteReaderTest, PastTheEndIsNotOk) {
  const Bytes bytes = {1, 2, 3};
  ByteReader fixed(bytes);
  fixed.Fixed<std::uint32_t>();
  EXPECT_FALSE(fixed.ok());
  ByteReader text(bytes);
  EXPECT_EQ(text.Text().size(), 1u);
  EXPECT_TRUE(text.ok());
  text.Take(2);
  EXPECT_FALSE(text.ok());
}

TEST(ZigZagTest, SmallMagnitudesAreSmall) {
  EXPECT_EQ(ZigZag(0), 0u);
  EXPECT_EQ(ZigZag(static_cast<std::uint64_t>(-1)), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
  for (const std::int64_t v : {INT64_MIN, INT64_MAX, std::int64_t{-12345}}) {
    EXPECT_EQ(UnZigZag(ZigZag(static_cast<std::uint64_t>(v))), static_cast<std::uint64_t>(v));
  }
}

TEST(BitsTest, MixedWidthsAndRiceCodesComeBack) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    struct Item {
      std::uint64_t v;
      unsigned bits;
      bool rice;
    };
    std::vector<Item> items(1 + random() % 300);
    Bytes bytes;
    BitWriter out(bytes);
    for (Item& item : items) {
      item.rice = random() % 2 == 0;
      item.bits = static_cast<unsigned>(random() % (item.rice ? kMaxRiceBits + 1 : 65));
      item.v = random() >> (random() % 64);
      if (!item.rice && item.bits < 64) item.v &= (std::uint64_t{1} << item.bits) - 1;
      if (item.rice) {
        out.PutRice(item.v, item.bits);
      } else {
        out.Put(item.v, item.bits);
      }
    }
    out.Finish();
    BitReader in(bytes);
    for (const Item& item : items) {
      ASSERT_EQ(item.rice ? in.TakeRice(item.bits) : in.Take(item.bits), item.v);
    }
    ASSERT_TRUE(in.ok());
    in.Take(8);
    ASSERT_FALSE(in.ok());
  }
}

TEST(BitsTest, ReadingPastTheEndGivesZerosAndIsNotOk) {
  const Bytes bytes = {0xff};
  BitReader in(bytes);
  EXPECT_EQ(in.Take(64), 0xffu);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.TakeRice(5), 0u);
}

}  // namespace
}  // namespace tocsin::store
