// Sliding windows give what each window by itself gives.

#include "rules/promql/functions/sliding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "rules/promql/kahan.h"

namespace tocsin::promql {
namespace {

struct Case {
  std::vector<Sample> samples;
  std::vector<Window> windows;
};

/// Windows that move forward by leaps of all sizes, some far past what they were.
Case RandomCase(std::uint32_t seed, std::uint32_t max_leap) {
  std::mt19937 engine(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  Case c;
  for (std::int64_t i = 0; i < 300; ++i) {
    const auto kind = random() % 10;
    const double value = kind == 0 ? std::nan("") : static_cast<double>(random() % 1000) / 8 - 60;
    c.samples.push_back({i * 1000, value});
  }
  std::uint32_t lo = 0;
  std::uint32_t hi = 1 + random() % 20;
  while (hi <= c.samples.size()) {
    c.windows.push_back({lo, hi});
    hi += random() % (max_leap + 1);
    lo = std::min(lo + random() % (max_leap + 2), hi - 1);
  }
  return c;
}

std::vector<Sample> InWindow(const Case& c, const Window& w) {
  return {c.samples.begin() + w.lo, c.samples.begin() + w.hi};
}

TEST(Sliding, SumsEqualThoseOfEachWindow) {
  const auto terms = [](const Sample& s, const Sample& reference) {
    return std::array{s.value, s.value - reference.value};
  };
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    Case c = RandomCase(seed, 1 + seed % 40);
    for (Sample& s : c.samples) s.value = std::isnan(s.value) ? 0 : s.value;
    ASSERT_TRUE(FitForSliding(c.samples));
    SlidingSums<2, decltype(terms)> sums(c.samples, terms);
    for (const Window& window : c.windows) {
      const auto [plain, shifted] = sums.Over(window);
      KahanSum expected;
      for (const Sample& s : InWindow(c, window)) expected.Add(s.value);
      const auto count = static_cast<double>(window.hi - window.lo);
      ASSERT_EQ(plain.Total(), expected.Total());
      ASSERT_EQ(shifted.Total(), expected.Total() - count * sums.reference().value);
    }
  }
}

TEST(Sliding, SumsDoNotDrift) {
  const auto terms = [](const Sample& s, const Sample&) { return std::array{s.value}; };
  Case c;
  for (int i = 0; i < 1000; ++i) c.samples.push_back({i, i % 100 == 0 ? 1e80 : 1.0});
  SlidingSums<1, decltype(terms)> sums(c.samples, terms);
  for (std::uint32_t lo = 0; lo + 50 <= 1000; ++lo) {
    const double sum = sums.Over({lo, lo + 50})[0].Total();
    const bool great = lo % 100 == 0 || lo % 100 > 50;
    ASSERT_EQ(sum, great ? 1e80 : 50) << lo;
  }
}

template <bool kGreatest, bool kLatest>
void CheckExtremes() {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const Case c = RandomCase(seed, 1 + seed % 40);
    SlidingExtreme<kGreatest, kLatest> extreme(c.samples);
    for (const Window& window : c.windows) {
      const auto samples = InWindow(c, window);
      Sample best = samples.front();
      for (const Sample& s : samples) {
        const bool better = kGreatest ? s.value > best.value : s.value < best.value;
        if (better || std::isnan(best.value) || (kLatest && s.value == best.value)) best = s;
      }
      const Sample& got = extreme.Over(window);
      ASSERT_EQ(got.t_ms, best.t_ms);
    }
  }
}

TEST(Sliding, ExtremesEqualThoseOfEachWindow) {
  CheckExtremes<true, false>();
  CheckExtremes<true, true>();
  CheckExtremes<false, false>();
  CheckExtremes<false, true>();
}

TEST(Sliding, SortedEqualsSorting) {
  const auto less = [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; };
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const Case c = RandomCase(seed, 1 + seed % 40);
    SlidingSorted sorted(c.samples);
    for (const Window& window : c.windows) {
      std::vector<double> expected;
      for (const Sample& s : InWindow(c, window)) expected.push_back(s.value);
      std::sort(expected.begin(), expected.end(), less);
      const std::span<const double> got = sorted.Over(window);
      ASSERT_TRUE(std::equal(
          got.begin(), got.end(), expected.begin(), expected.end(),
          [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
    }
  }
}

TEST(Sliding, WhatMayOverflowIsNotFit) {
  const auto fit = [](double value) {
    const Sample sample{0, value};
    return FitForSliding({&sample, 1});
  };
  EXPECT_TRUE(fit(-1e99));
  EXPECT_FALSE(fit(1e101));
  EXPECT_FALSE(fit(HUGE_VAL));
  EXPECT_FALSE(fit(std::nan("")));
}

}  // namespace
}  // namespace tocsin::promql
