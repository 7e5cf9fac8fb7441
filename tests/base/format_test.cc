#include "base/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tocsin {
namespace {

TEST(FormatGoFloatTest, MatchesStrconvG) {
  const std::pair<double, const char*> cases[] = {{0, "0"},
                                                  {-0.0, "-0"},
                                                  {1, "1"},
                                                  {0.5, "0.5"},
                                                  {999999, "999999"},
                                                  {1e6, "1e+06"},
                                                  {100000, "100000"},
                                                  {1234567, "1.234567e+06"},
                                                  {1e-4, "0.0001"},
                                                  {1e-5, "1e-05"},
                                                  {0.1 + 0.2, "0.30000000000000004"},
                                                  {1e100, "1e+100"},
                                                  {-1.5e-7, "-1.5e-07"},
                                                  {5e-324, "5e-324"},
                                                  {INFINITY, "+Inf"},
                                                  {-INFINITY, "-Inf"},
                                                  {NAN, "NaN"},
                                                  {1.637e9 + 0.25, "1.63700000025e+09"},
                                                  {123456.789, "123456.789"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(FormatGoFloat(value), text);
}

TEST(FormatGoFixedTest, NeverHasAnExponent) {
  EXPECT_EQ(FormatGoFixed(1e6), "1000000");
  EXPECT_EQ(FormatGoFixed(1.5e-7), "0.00000015");
  EXPECT_EQ(FormatGoFixed(-123.25), "-123.25");
  EXPECT_EQ(FormatGoFixed(1e21), "1000000000000000000000");
  EXPECT_EQ(FormatGoFixed(0), "0");
  EXPECT_EQ(FormatGoFixed(-0.0), "-0");
  EXPECT_EQ(FormatGoFixed(9007199254740991), "9007199254740991");
  EXPECT_EQ(FormatGoFixed(123456789012345680000.0), "123456789012345680000");
  EXPECT_EQ(FormatGoFixed(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(FormatGoFixed(1.2345678901234567e-06), "0.0000012345678901234567");
  EXPECT_EQ(FormatGoFixed(-4503599627370495.5), "-4503599627370495.5");
  EXPECT_EQ(FormatGoFixed(std::numeric_limits<double>::infinity()), "+Inf");
}

}  // namespace
}  // namespace tocsin
