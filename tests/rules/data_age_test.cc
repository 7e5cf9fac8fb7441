#include "rules/data_age.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

TEST(DataAgeTest, GrowsUntilTheClockIsSetOrTheHostSleeps) {
  Moment now{FromMillis(1'700'000'000'000), MonoTime(1h)};
  DataAge age(now);
  const auto after = [&](milliseconds wall, milliseconds mono) {
    now.wall += wall;
    now.mono += mono;
    return age.At(now);
  };
  EXPECT_EQ(after(0s, 0s), 0s);
  EXPECT_EQ(after(10min, 10min), 10min);
  EXPECT_EQ(after(61s, 1s), 10min + 1s) << "a minute's step leaves most of every window";
  EXPECT_EQ(after(-59s, 1s), 10min + 2s);
  EXPECT_EQ(after(24h, 1s), 0s) << "set forward, or slept";
  EXPECT_EQ(after(30s, 30s), 30s);
  EXPECT_EQ(after(-1h, 1s), 0s) << "set back";
  EXPECT_EQ(after(5min, 5min), 5min) << "a hung evaluation is no step";
}

/// What an agent's rules tell after its clock was set by `step`, with x as it was before.
std::string ToldAfter(milliseconds step, double x) {
  RuleOptions options = RuleHarness::DefaultOptions();
  options.resend_delay = 1h;
  RuleHarness h(R"(
groups:
- name: g
  rules:
  - { alert: Low, expr: x < 1 }
  - { alert: Gone, expr: absent(x) }
  - { alert: Fast, expr: 'rate(c_total[1m]) > 10' }
)",
                options);
  DataAge age(h.now);
  double counter = 1000;
  const auto evaluate = [&] {
    h.data_age = age.At(h.now);
    h.Evaluate();
  };
  for (int i = 0; i < 60; ++i) {
    h.Pass(15s);
    h.Set("x", x);
    h.Set("c_total", ++counter);
    evaluate();
  }
  h.now.wall += step;
  if (step < 0s) {
    // The store drops what lies in the future now; what it has of this time was otherwise.
    h.store = MemoryStore();
    h.Set("x", 1 - x);
    h.Set("c_total", 10);
  }
  std::string told;
  for (int i = 0; i < 10; ++i) {
    h.Pass(15s);
    if (i > 0) {  // a rule may come before the next sample
      h.Set("x", x);
      h.Set("c_total", ++counter);
    }
    evaluate();
    told += h.Told();
  }
  return told;
}

TEST(DataAgeTest, ClockStepsNeitherFireNorResolve) {
  for (const milliseconds step : {milliseconds(24h), milliseconds(-2h)}) {
    EXPECT_EQ(ToldAfter(step, 0), "") << step.count() << ": Low goes on, nothing else begins";
    EXPECT_EQ(ToldAfter(step, 1), "") << step.count();
  }
}

}  // namespace
}  // namespace tocsin
