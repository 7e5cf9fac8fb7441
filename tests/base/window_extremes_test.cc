#include "base/window_extremes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>

namespace tocsin {
namespace {

TEST(WindowExtremesTest, ForgetsWhatIsOlderThanTheWindowAndItsTwelfth) {
  WindowExtremes window(seconds(60));
  EXPECT_TRUE(window.empty());
  window.Add(MonoTime(seconds(100)), 5);
  window.Add(MonoTime(seconds(101)), 1);
  window.Add(MonoTime(seconds(160)), 3);
  EXPECT_EQ(window.max(), 5);
  EXPECT_EQ(window.min(), 1);
  window.Add(MonoTime(seconds(166)), 4);
  EXPECT_EQ(window.max(), 4);
  EXPECT_EQ(window.min(), 3);
  window.Add(MonoTime(seconds(10000)), std::nan(""));
  EXPECT_TRUE(window.empty());
}

TEST(WindowExtremesTest, NeverTellsLessThanTheWindowNorMoreThanASliceOver) {
  std::mt19937 random(7);
  WindowExtremes window(seconds(24));
  std::deque<std::pair<seconds, double>> all;
  seconds now(1000);
  for (int i = 0; i < 5000; ++i) {
    now += seconds(random() % 4);
    const double value = static_cast<double>(random() % 1000);
    all.emplace_back(now, value);
    window.Add(MonoTime(now), value);
    const auto largest_since = [&](seconds since) {
      double largest = -1;
      for (const auto& [at, v] : all) {
        if (at >= since) largest = std::max(largest, v);
      }
      return largest;
    };
    EXPECT_GE(window.max(), largest_since(now - seconds(24)));
    EXPECT_LE(window.max(), largest_since(now - seconds(26)));
    while (all.front().first < now - seconds(100)) all.pop_front();
  }
}

}  // namespace
}  // namespace tocsin
