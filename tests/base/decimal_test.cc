#include "base/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/format.h"
#include "base/parse.h"

namespace tocsin {
namespace {

TEST(MultiplyDecimalsTest, IsExactWhereDecimalsAre) {
  struct Case {
    double a;
    double b;
    double product;
  };
  for (const Case& c : {Case{78.6, 0.01, 0.786},
                        {-78.6, 0.01, -0.786},
                        {0.1, 3, 0.3},
                        {0.7, 1.1, 0.77},
                        {1234567, 0.001, 1234.567},
                        {1e-300, 1e-8, 1e-308},
                        {4096, 1024, 4194304},
                        {9007199254740992, 1e6, 9007199254740992e6},
                        {123456789012345.67, 0.1, 12345678901234.567},
                        {1.7976931348623157e308, 0.1, 1.7976931348623157e307},
                        {0, 0.01, 0},
                        {5, 0, 0}}) {
    EXPECT_EQ(MultiplyDecimals(c.a, c.b), c.product) << c.a << " * " << c.b;
    EXPECT_EQ(MultiplyDecimals(c.b, c.a), c.product) << c.b << " * " << c.a;
  }
}

TEST(MultiplyDecimalsTest, EveryHundredthIsAsItIsWritten) {
  for (int i = 0; i <= 10'000; ++i) {
    const std::string percent =
        std::to_string(i / 100) + "." + std::to_string(i / 10 % 10) + std::to_string(i % 10);
    const std::string ratio = i == 10'000 ? "1" : "0." + std::to_string(10'000 + i).substr(1);
    ASSERT_EQ(MultiplyDecimals(*ParseDouble(percent), 0.01), *ParseDouble(ratio)) << percent;
  }
}

TEST(MultiplyDecimalsTest, ExtremesAreThoseOfFloatingPoint) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(MultiplyDecimals(kInf, 0.01), kInf);
  EXPECT_EQ(MultiplyDecimals(1e308, -1e308), -kInf);
  EXPECT_EQ(MultiplyDecimals(1e-308, 1e-308), 0);
  EXPECT_TRUE(std::signbit(MultiplyDecimals(-0.0, 0.01)));
  EXPECT_TRUE(std::isnan(MultiplyDecimals(kInf, 0)));
  EXPECT_TRUE(std::isnan(MultiplyDecimals(std::nan(""), 0.01)));
}

}  // namespace
}  // namespace tocsin
