#include "rules/trend/range_functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace tocsin::trend {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// One a second.
std::vector<Sample> Seconds(std::initializer_list<double> values) {
  std::vector<Sample> samples;
  for (const double value : values) {
    samples.push_back({static_cast<std::int64_t>(samples.size()) * 1000, value});
  }
  return samples;
}

TEST(FloorOverTime, IsTheMedianOfTheBucketsMinima) {
  const auto samples = Seconds({10, 1, 9, 2, 8, 3});
  // Back from 5 s in twos: (3.5] has 8 3, then 9 2, then 10 1.
  EXPECT_EQ(FloorOverTime(samples, 5000, 2000), 2);
  EXPECT_EQ(FloorOverTime(samples, 5000, 60'000), 1);
  EXPECT_FALSE(FloorOverTime(samples, 5000, 0));
  EXPECT_FALSE(FloorOverTime(samples, 5000, -1));
  EXPECT_FALSE(FloorOverTime({}, 5000, 1000));
  EXPECT_FALSE(FloorOverTime(Seconds({kNan, kInf}), 5000, 1000));
}

TEST(TheilSenSlope, OfALineWithWildValues) {
  auto samples = Seconds({0, 2, 4, 6, 8, 10, 12, 14, 16});
  samples[4].value = -1000;
  samples[7].value = kNan;
  EXPECT_EQ(TheilSenSlope(samples), 2);
  EXPECT_FALSE(TheilSenSlope(Seconds({1})));
  EXPECT_FALSE(TheilSenSlope({}));
  EXPECT_EQ(TheilSenSlope(Seconds({5, 5, 5})), 0);
}

TEST(TheilSenSlope, OfManySamplesIsStillTheSlope) {
  std::vector<Sample> samples;
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, 3);
  for (int i = 0; i < 5000; ++i) samples.push_back({i * 15'000, 0.25 * i * 15 + normal(random)});
  EXPECT_NEAR(TheilSenSlope(samples).value(), 0.25, 0.001);
}

TEST(MannKendallTau, KnownCasesAndTies) {
  EXPECT_EQ(MannKendallTau(Seconds({1, 2, 3})), 1);
  EXPECT_EQ(MannKendallTau(Seconds({3, 2, 1})), -1);
  EXPECT_EQ(MannKendallTau(Seconds({7, 7, 7})), 0);
  EXPECT_DOUBLE_EQ(MannKendallTau(Seconds({1, 3, 2})).value(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(MannKendallTau(Seconds({1, 1, 2})).value(), 2.0 / 3);
  EXPECT_FALSE(MannKendallTau(Seconds({1})));
}

TEST(MannKendallTau, CountsEveryPair) {
  std::mt19937 random(9);
  for (int round = 0; round < 50; ++round) {
    std::vector<Sample> samples;
    const int n = 2 + static_cast<int>(random() % 60);
    for (int i = 0; i < n; ++i) samples.push_back({i * 1000, static_cast<double>(random() % 9)});
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      for (int j = i + 1; j < n; ++j) {
        const double a = samples[static_cast<std::size_t>(i)].value;
        const double b = samples[static_cast<std::size_t>(j)].value;
        sum += (b > a) - (b < a);
      }
    }
    EXPECT_DOUBLE_EQ(MannKendallTau(samples).value(), sum / (n * (n - 1) / 2.0));
  }
}

TEST(TimeToReach, FollowsTheLine) {
  EXPECT_EQ(TimeToReach(Seconds({0, 1, 2, 3}), 10), 7);
  EXPECT_EQ(TimeToReach(Seconds({0, 1, 2, 3}), 3), 0);
  EXPECT_EQ(TimeToReach(Seconds({3, 2, 1}), 10), kInf);
  EXPECT_EQ(TimeToReach(Seconds({3, 3, 3}), 10), kInf);
  EXPECT_FALSE(TimeToReach(Seconds({3}), 10));
}

}  // namespace
}  // namespace tocsin::trend
