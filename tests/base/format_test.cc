#include "base/format.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

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

// The shortest digits, also where they are found without a search for them.
TEST(FormatGoFixedTest, AgreesWithTheSearchOnDecimals) {
  std::mt19937_64 random(3);  // NOLINT: the same each time
  for (int i = 0; i < 100'000; ++i) {
    const double scale = std::pow(10.0, static_cast<double>(random() % 6));
    const double value = std::round(std::ldexp(static_cast<double>(random() >> 11),
                                               -static_cast<int>(random() % 50))) /
                         scale;
    const double near = random() % 4 == 0 ? std::nextafter(value, 0.0) : value;
    if (near >= 9007199254740992 || (near < 1e-6 && near != 0)) continue;
    std::array<char, 64> text{};
    std::to_chars(text.data(), text.data() + text.size(), near, std::chars_format::fixed);
    ASSERT_EQ(FormatGoFixed(near), text.data());
  }
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
