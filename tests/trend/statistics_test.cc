#include "rules/trend/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "rules/trend/bfloat16.h"

namespace tocsin::trend {
namespace {

using Values = std::vector<double>;

TEST(Median, OfOddEvenAndNoValues) {
  Values odd{5, 1, 3};
  Values even{4, 1, 3, 2};
  Values none;
  EXPECT_EQ(MedianInPlace(odd), 3);
  EXPECT_EQ(MedianInPlace(even), 2.5);
  EXPECT_EQ(MedianInPlace(none), 0);
}

TEST(KendallTau, KnownCases) {
  EXPECT_EQ(KendallTau(Values{1, 2, 3, 4}), 1);
  EXPECT_EQ(KendallTau(Values{4, 3, 2, 1}), -1);
  EXPECT_EQ(KendallTau(Values{2, 2, 2}), 0);
  EXPECT_DOUBLE_EQ(KendallTau(Values{1, 3, 2}), 1.0 / 3);
  EXPECT_EQ(KendallTau(Values{1}), 0);
}

/// The definition, with everything sorted.
PairwiseTrend Reference(const Values& t, const Values& y) {
  Values slopes;
  for (std::size_t i = 0; i < t.size(); ++i) {
    for (std::size_t j = i + 1; j < t.size(); ++j) slopes.push_back((y[j] - y[i]) / (t[j] - t[i]));
  }
  std::sort(slopes.begin(), slopes.end());
  const auto n = static_cast<double>(t.size());
  const auto m = static_cast<double>(slopes.size());
  const double spread = 1.96 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const std::size_t half = slopes.size() / 2;
  PairwiseTrend trend;
  trend.slope = slopes.size() % 2 == 1 ? slopes[half] : 0.5 * (slopes[half - 1] + slopes[half]);
  trend.low = slopes[static_cast<std::size_t>(std::max(0.0, (m - spread) / 2))];
  trend.high = slopes[std::min(slopes.size() - 1, static_cast<std::size_t>((m + spread) / 2) + 1)];
  return trend;
}

TEST(FitPairwise, IsItsDefinition) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (std::size_t n = 2; n <= kMaxTrendPoints; ++n) {
    Values t;
    Values y;
    for (std::size_t i = 0; i < n; ++i) {
      t.push_back((t.empty() ? 0 : t.back()) + 1 + static_cast<double>(random() % 3));
      y.push_back(0.3 * t.back() + normal(random));
    }
    const PairwiseTrend expected = Reference(t, y);
    const PairwiseTrend trend = FitPairwise(t, y);
    EXPECT_DOUBLE_EQ(trend.slope, expected.slope) << n;
    EXPECT_DOUBLE_EQ(trend.low, expected.low) << n;
    EXPECT_DOUBLE_EQ(trend.high, expected.high) << n;
    EXPECT_DOUBLE_EQ(PairwiseSlope(t, y), expected.slope) << n;
  }
}

TEST(FitPairwise, OneWildValueMovesNothing) {
  Values t;
  Values y;
  for (int i = 0; i < 21; ++i) {
    t.push_back(i);
    y.push_back(2.0 * i);
  }
  y[10] = 1e6;
  EXPECT_DOUBLE_EQ(FitPairwise(t, y).slope, 2);
}

TEST(FitBend, TellsWhichWayAGrowthBends) {
  Values t;
  Values line;
  Values slowing;
  Values speeding;
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 10);
  for (int i = 0; i < 32; ++i) {
    const double noise = normal(random);
    t.push_back(i);
    line.push_back(100.0 * i + noise);
    slowing.push_back(1000 * std::sqrt(i) + noise);
    speeding.push_back(5.0 * i * i + noise);
  }
  EXPECT_LT(std::fabs(FitBend(t, line).significance), 2.4);
  EXPECT_LT(FitBend(t, slowing).significance, -5);
  EXPECT_GT(FitBend(t, speeding).significance, 5);
}

TEST(FitWork, SaysHowMuchWorkRises) {
  const Values t{0, 1, 2, 3};
  const WorkTrend rising = FitWork(t, Values{1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(rising.correlation, 1);
  EXPECT_DOUBLE_EQ(rising.rise, 3 / 2.5);
  const WorkTrend level = FitWork(t, Values{2, 2, 2, 2});
  EXPECT_EQ(level.correlation, 0);
  EXPECT_EQ(level.rise, 0);
  EXPECT_EQ(FitWork(t, Values{0, 0, 0, 0}).rise, 0);
}

TEST(Bfloat16, KeepsThreeDigitsAndNan) {
  for (const float value : {0.0F, 1.0F, 3.1415F, 1e-20F, 6.02e23F}) {
    EXPECT_NEAR(FromBfloat16(ToBfloat16(value)), value, value / 256);
  }
  EXPECT_TRUE(std::isnan(FromBfloat16(ToBfloat16(std::nanf("")))));
  EXPECT_TRUE(std::isnan(FromBfloat16(kBfloat16Nan)));
}

}  // namespace
}  // namespace tocsin::trend
