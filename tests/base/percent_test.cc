#include "base/percent.h"

#include <gtest/gtest.h>

#include <array>

#include "base/hex.h"

namespace tocsin {
namespace {

TEST(PercentTest, OnlyWhatIsReservedNowhereStays) {
  std::string out = "x=";
  AppendPercentEncoded("aZ09-_.~ /?&=+%\n\xff", out);
  EXPECT_EQ(out, "x=aZ09-_.~%20%2F%3F%26%3D%2B%25%0A%FF");
}

TEST(PercentTest, DecodesWhatIsEncoded) {
  EXPECT_EQ(PercentDecoded("a%20b%2f%2F%00"), std::string("a b//\0", 6));
  for (const char* same : {"", "plain+", "%", "%4", "100%", "%zz", "%-1", "% 1", "%%"}) {
    EXPECT_EQ(PercentDecoded(same), same);
  }
  EXPECT_EQ(PercentDecoded("%%41"), "%A");
}

TEST(PercentTest, QueriesHavePlusForBlank) {
  EXPECT_EQ(EscapeQuery("up{job=\"a b\"} > 1+1"), "up%7Bjob%3D%22a+b%22%7D+%3E+1%2B1");
  EXPECT_EQ(EscapeQuery("  "), "++");
  EXPECT_EQ(EscapeQuery(""), "");
}

TEST(PercentTest, FormsArePairs) {
  std::string form;
  AppendFormPair("a b", "1&2", form);
  AppendFormPair("c", "", form);
  EXPECT_EQ(form, "a%20b=1%262&c=");
}

TEST(HexTest, TwoDigitsAByte) {
  const std::array<std::uint8_t, 16> bytes{0, 1, 0x7f, 0x80, 0xff, 5,  6,  7,
                                           8, 9, 10,   11,   12,   13, 14, 0xa5};
  EXPECT_EQ(HexText(bytes), "00017f80ff05060708090a0b0c0d0ea5");
  EXPECT_EQ(UuidText(bytes), "00017f80-ff05-0607-0809-0a0b0c0d0ea5");
  std::string out;
  AppendHex("k\xff", out, kUpperHex);
  EXPECT_EQ(out, "6BFF");
}

}  // namespace
}  // namespace tocsin
