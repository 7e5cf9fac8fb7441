#include "rules/threshold.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin {
namespace {

using Side = Threshold::Side;

TEST(ThresholdTest, AboveIsStrictlyAboveAndClearsAtTheLimit) {
  const Threshold above{Side::kAbove, 90, 90};
  EXPECT_EQ(Compare(above, 90.1), Reading::kMet);
  EXPECT_EQ(Compare(above, 90), Reading::kClear);
  EXPECT_EQ(Compare(above, 89), Reading::kClear);
  EXPECT_EQ(Describe(above), "above 90");
}

TEST(ThresholdTest, BetweenLimitAndResolveNothingIsDecided) {
  const Threshold above{Side::kAbove, 90, 85};
  EXPECT_EQ(Compare(above, 90.1), Reading::kMet);
  EXPECT_EQ(Compare(above, 90), Reading::kBetween);
  EXPECT_EQ(Compare(above, 85), Reading::kBetween);
  EXPECT_EQ(Compare(above, 84.9), Reading::kClear);
  EXPECT_EQ(Describe(above), "above 90 until below 85");
}

TEST(ThresholdTest, BelowIsTheMirrorImage) {
  const Threshold below{Side::kBelow, 0.8, 0.9};
  EXPECT_EQ(Compare(below, 0.79), Reading::kMet);
  EXPECT_EQ(Compare(below, 0.8), Reading::kBetween);
  EXPECT_EQ(Compare(below, 0.9), Reading::kBetween);
  EXPECT_EQ(Compare(below, 0.91), Reading::kClear);
  EXPECT_EQ(Describe(below), "below 0.8 until above 0.9");
}

TEST(ThresholdTest, InfinitiesCompareAsNumbers) {
  const Threshold above{Side::kAbove, 90, 85};
  EXPECT_EQ(Compare(above, HUGE_VAL), Reading::kMet);
  EXPECT_EQ(Compare(above, -HUGE_VAL), Reading::kClear);
}

}  // namespace
}  // namespace tocsin
