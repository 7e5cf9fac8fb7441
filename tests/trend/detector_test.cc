#include "rules/trend/detector.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <random>

#include "tests/trend/series.h"

namespace tocsin::trend {
namespace {

constexpr double kBase = 200 * kMiB;
constexpr double kLimit = 1000 * kMiB;

Shape Linear(double per_hour, double sd = 0.2 * kMiB) {
  return [per_hour, noise = std::make_shared<Noise>(1, sd)](double t) {
    return kBase + per_hour * t / kHour + (*noise)();
  };
}

/// Rises by `height` within `period`, then falls back at once: a collector at work.
Shape Teeth(double height, double period, double leak_per_hour = 0) {
  return [=](double t) {
    return kBase + height * std::fmod(t, period) / period + leak_per_hour * t / kHour;
  };
}

TEST(Detector, FitsItsBudget) {
  const auto bytes_after = [](double hours) {
    Detector detector;
    Feed(detector, Linear(0), hours, kLimit, Medium());
    return sizeof(Detector) + detector.HeapBytes();
  };
  EXPECT_LE(bytes_after(0.2), 1'024u);
  EXPECT_LE(bytes_after(1), 1'700u);
  EXPECT_LE(bytes_after(24 * 7), 3'072u);  // and 48 bytes a scale while something is suspected
}

TEST(Detector, FindsALeakLongBeforeTheLimitAndSaysWhenItIsReached) {
  Detector detector;
  const double per_hour = 80 * kMiB;  // 10 h until the limit
  const Fed run = Feed(detector, Linear(per_hour), 8, kLimit, Medium());
  ASSERT_TRUE(run.first);
  EXPECT_LT(run.first_after, 5 * kHour);
  const double left = 10 * kHour - static_cast<double>(run.first_after);
  EXPECT_NEAR(run.first->eta, left, 0.1 * left);
  EXPECT_LT(run.first->eta_low, left);
  EXPECT_GT(run.first->eta_high, left);
  EXPECT_NEAR(run.first->slope * kHour, per_hour, 0.05 * per_hour);
  EXPECT_LE(run.first->slope_low, run.first->slope);
  EXPECT_GE(run.first->slope_high, run.first->slope);
  EXPECT_GT(run.first->tau, 0.9);
  EXPECT_LT(run.first->floor_from, run.first->floor_to);
  EXPECT_GE(run.first->growing_since, kStart - 3600);
  EXPECT_GE(run.first->buckets, kLeastBuckets);
  EXPECT_EQ(detector.state(), LeakState::kConfirmed);
}

TEST(Detector, TheForecastFollowsWhatIsSeenAfterwards) {
  Detector detector;
  Feed(detector, Linear(80 * kMiB), 9, kLimit, Medium());
  const auto leak = detector.leak();
  ASSERT_TRUE(leak);
  EXPECT_LE(kStart + 9 * 3600 - leak->forecast_at, 2 * leak->bucket_seconds);
  const double left = 10 * kHour - static_cast<double>(leak->forecast_at - kStart);
  EXPECT_NEAR(leak->eta, left, 0.15 * left + leak->bucket_seconds);
}

TEST(Detector, TheForecastFollowsAChangedLimitAtTheSecondLook) {
  Detector detector;
  const auto leaking = Linear(80 * kMiB);
  Feed(detector, leaking, 9, kLimit, Medium());
  const auto before = detector.leak();
  ASSERT_TRUE(before);
  ASSERT_GE(before->bucket_seconds, 8 * kStep) << "the next samples must not close a bucket";
  const auto push = [&](double t, double limit) {
    detector.Push(
        {.t_seconds = kStart + static_cast<std::int64_t>(t), .value = leaking(t), .limit = limit},
        Medium());
  };
  double t = 9 * kHour + kStep;
  push(t, 2 * kLimit);
  EXPECT_EQ(detector.leak()->eta, before->eta) << "one reading may be wrong";
  push(t += kStep, 2 * kLimit);
  const double more = kLimit / (80 * kMiB) * kHour;
  EXPECT_NEAR(detector.leak()->eta, before->eta + more, 0.2 * more);
  EXPECT_GT(detector.leak()->eta_low, before->eta_high);
  push(t += kStep, kLimit);
  push(t += kStep, kLimit);
  EXPECT_EQ(detector.leak()->eta, before->eta);
  EXPECT_EQ(detector.leak()->forecast_at, before->forecast_at);
}

TEST(Detector, AGapEndsNoLeakThatGoesOn) {
  for (const double rate : {40.0, 80.0, 300.0}) {
    for (const double gap : {0.2, 0.5, 1.0, 2.0, 5.0}) {
      Detector detector;
      const auto leaking = Linear(rate * kMiB);
      const double limit = kBase + 14 * rate * kMiB;
      Feed(detector, leaking, 7, limit, Medium());
      ASSERT_EQ(detector.state(), LeakState::kConfirmed) << rate;
      int healthy = 0;
      for (double t = (7 + gap) * kHour; t < (8 + gap) * kHour; t += kStep) {
        detector.Push({.t_seconds = kStart + static_cast<std::int64_t>(t),
                       .value = leaking(t),
                       .limit = limit},
                      Medium());
        healthy += detector.state() == LeakState::kConfirmed ? 0 : 1;
      }
      EXPECT_EQ(healthy, 0) << rate << " MiB an hour, " << gap << " h away";
      if (healthy > 0) continue;
      const double left = 14 * kHour - (8 + gap) * kHour;
      const double said = detector.leak()->eta - static_cast<double>(detector.last_seconds() -
                                                                     detector.leak()->forecast_at);
      EXPECT_NEAR(said, left, 0.15 * left + detector.leak()->bucket_seconds);
    }
  }
}

TEST(Detector, FindsALeakUnderACollectorsTeeth) {
  Detector detector;
  const Fed run = Feed(detector, Teeth(150 * kMiB, 600, 60 * kMiB), 10, kLimit, Medium());
  ASSERT_TRUE(run.first);
  // The limit is hit by the teeth, not by the floor.
  const double left =
      (kLimit - kBase - 150 * kMiB) / (60 * kMiB) * kHour - static_cast<double>(run.first_after);
  EXPECT_NEAR(run.first->eta, left, 0.15 * left);
}

TEST(Detector, CountsLeakToo) {
  DetectorOptions options = Medium();
  options.resolution = 1;
  options.zero_is_missing = false;
  Detector detector;
  const Fed run = Feed(
      detector, [](double t) { return 20 + std::floor(t / 60); }, 12, 1024, options);
  ASSERT_TRUE(run.first);
  EXPECT_NEAR(run.first->slope, 1.0 / 60, 0.002);
}

TEST(Detector, AnAlarmNeedsALimit) {
  for (const double limit : {0.0, -1.0, std::nan("")}) {
    Detector detector;
    EXPECT_FALSE(Feed(detector, Linear(80 * kMiB), 9, limit, Medium()).first);
    EXPECT_EQ(detector.state(), LeakState::kHealthy);
  }
}

struct Healthy {
  const char* name;
  Shape shape;
};

class DetectorStaysQuiet : public testing::TestWithParam<int> {};

TEST_P(DetectorStaysQuiet, OnWhatIsNoLeak) {
  const auto seed = static_cast<std::uint32_t>(GetParam());
  std::mt19937 random(seed);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const double level = uniform(1, 500) * kMiB;
  const auto noise = std::make_shared<Noise>(seed, level * uniform(0.001, 0.02));
  const double height = level * uniform(0.1, 2);
  const double period = uniform(30, 7200);
  const double at = uniform(0.1, 0.8) * 30 * kHour;
  const Healthy shapes[] = {
      {"constant", [=](double) { return level; }},
      {"noise", [=](double) { return level + (*noise)(); }},
      {"teeth", [=](double t) { return level + height * std::fmod(t, period) / period; }},
      {"step", [=](double t) { return level + (t > at ? height : 0) + (*noise)(); }},
      {"falling", [=](double t) { return level * (2 - t / (40 * kHour)) + (*noise)(); }},
      {"bad reads", [=](double t) {
         const auto i = static_cast<std::int64_t>(t / kStep);
         return i % 97 == 0 ? 0 : i % 89 == 0 ? 2 * level : level + (*noise)();
       }}};
  for (const Sensitivity sensitivity : {Sensitivity::kLow, Sensitivity::kMedium}) {
    for (const Healthy& healthy : shapes) {
      Detector detector;
      const Fed run =
          Feed(detector, healthy.shape, 30, 8 * level, DetectorOptions::Preset(sensitivity));
      EXPECT_FALSE(run.first) << healthy.name << ", seed " << seed << ", after " << run.first_after
                              << " s";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DetectorStaysQuiet, testing::Range(1, 13));

TEST(Detector, EndsWhenTheFloorStopsGrowing) {
  Detector detector;
  const Shape shape = [](double t) { return kBase + 80 * kMiB * std::min(t, 6 * kHour) / kHour; };
  ASSERT_TRUE(Feed(detector, shape, 6, kLimit, Medium()).first);
  EXPECT_EQ(detector.state(), LeakState::kConfirmed);
  Feed(detector, shape, 12, kLimit, Medium(), 6 * kHour);
  EXPECT_EQ(detector.state(), LeakState::kHealthy);
  EXPECT_FALSE(detector.leak());
}

TEST(Detector, EndsWhenTheMemoryComesBack) {
  Detector detector;
  ASSERT_TRUE(Feed(detector, Linear(80 * kMiB), 6, kLimit, Medium()).first);
  Feed(
      detector, [](double) { return kBase; }, 3, kLimit, Medium(), 6 * kHour);
  EXPECT_EQ(detector.state(), LeakState::kHealthy);
}

TEST(Detector, ResetForgetsEverything) {
  Detector detector;
  Feed(detector, Linear(80 * kMiB), 6, kLimit, Medium());
  ASSERT_EQ(detector.state(), LeakState::kConfirmed);
  detector.Reset();
  EXPECT_EQ(detector.Export(), Detector().Export());
  EXPECT_TRUE(detector.Floors().empty());
}

TEST(Detector, AClockSetBackBeginsAnew) {
  Detector detector;
  const DetectorOptions options = Medium();
  detector.Push({.t_seconds = kStart + 7200, .value = kBase, .limit = kLimit}, options);
  detector.Push({.t_seconds = kStart + 7100, .value = kBase, .limit = kLimit}, options);  // dropped
  Detector wrong = detector;
  detector.Push({.t_seconds = kStart, .value = kBase, .limit = kLimit}, options);
  Detector fresh;
  fresh.Push({.t_seconds = kStart, .value = kBase, .limit = kLimit}, options);
  EXPECT_EQ(detector.Export(), fresh.Export());
  EXPECT_NE(wrong.Export(), fresh.Export());
}

/// Memory that follows a day's load is none: as much work was done before with as much memory.
TEST(Detector, WorkExplainsADaysLoad) {
  Detector detector;
  for (double t = 0; t < 58 * kHour; t += kStep) {
    const double load = 100 * (1.5 - std::cos(2 * M_PI * t / (24 * kHour)));
    const Reading reading{.t_seconds = kStart + static_cast<std::int64_t>(t),
                          .value = kBase + 1.2 * kMiB * load + 0.1 * kMiB * t / kHour,
                          .limit = kBase + 330 * kMiB,
                          .work = load};
    // The first day cannot be known.
    const bool alarmed = detector.Push(reading, Medium()).has_value();
    EXPECT_FALSE(alarmed && t > 24 * kHour) << t / kHour << " h";
  }
}

/// The same growth is believed soonest where the work is level, latest where it rises too.
TEST(Detector, WorkTellsHowSoonToBelieveAGrowth) {
  const auto found_after = [](const Shape& work) {
    Detector detector;
    Noise noise(4, 0.3 * kMiB);
    for (double t = 0; t < 24 * kHour; t += kStep) {
      const Reading reading{.t_seconds = kStart + static_cast<std::int64_t>(t),
                            .value = kBase + 40 * kMiB * t / kHour + noise(),
                            .limit = kLimit,
                            .work = work(t)};
      if (detector.Push(reading, Medium())) return t / kHour;
    }
    return 24.0;
  };
  const double level = found_after([](double) { return 100; });
  const double unknown = found_after([](double) { return std::nan(""); });
  const double rising = found_after([](double t) { return 100 + 20 * t / kHour; });
  EXPECT_LT(level, unknown);
  EXPECT_LT(unknown, rising);
  EXPECT_LT(rising, 20);
}

/// A warm-up towards what older processes hold is none either.
TEST(Detector, SettledProcessesTellAWarmUp) {
  const auto run = [](double settled) {
    Detector detector;
    bool alarmed = false;
    for (double t = 0; t < 6 * kHour; t += kStep) {
      const Reading reading{.t_seconds = kStart + static_cast<std::int64_t>(t),
                            .value = kBase + 50 * kMiB * std::min(t, 5 * kHour) / kHour,
                            .limit = kBase + 400 * kMiB,
                            .settled = settled};
      alarmed |= detector.Push(reading, Medium()).has_value();
    }
    return alarmed;
  };
  EXPECT_TRUE(run(std::nan("")));
  EXPECT_FALSE(run(kBase + 250 * kMiB));
}

/// Above what older processes hold there is no warm-up left: the same growth is believed sooner.
TEST(Detector, AGrowthAboveSettledProcessesIsBelievedSooner) {
  const auto found_after = [](double settled) {
    Detector detector;
    Noise noise(4, 0.3 * kMiB);
    for (double t = 0; t < 24 * kHour; t += kStep) {
      const Reading reading{.t_seconds = kStart + static_cast<std::int64_t>(t),
                            .value = kBase + 20 * kMiB * t / kHour + noise(),
                            .limit = kBase + 2000 * kMiB,
                            .work = 100,
                            .settled = settled};
      if (detector.Push(reading, Medium())) return t / kHour;
    }
    return 24.0;
  };
  EXPECT_LT(found_after(0.9 * kBase), found_after(std::nan("")));
}

/// What grows with the logarithm of its age looks straight in a short window; the time before
/// tells.
TEST(Detector, AGrowthThatWasFasterBeforeNeedsMorePatience) {
  const auto alarmed = [](const Shape& value) {
    Detector detector;
    Noise noise(4, 2 * kMiB);
    for (double t = 0; t < 24 * kHour; t += kStep) {
      const Reading reading{.t_seconds = kStart + static_cast<std::int64_t>(t),
                            .value = value(t) + noise(),
                            .limit = kBase + 220 * kMiB,
                            .work = 100};
      if (detector.Push(reading, Medium())) return true;
    }
    return false;
  };
  EXPECT_FALSE(alarmed([](double t) { return kBase + 25 * kMiB * std::log1p(t / 600); }));
  EXPECT_TRUE(alarmed([](double t) { return kBase + 5.2 * kMiB * t / kHour; }));
}

TEST(Detector, SurvivesAnyInput) {
  std::mt19937_64 random(7);
  Detector detector;
  const DetectorOptions options = Medium();
  for (int i = 0; i < 200'000; ++i) {
    const auto any = [&] { return std::bit_cast<double>(random()); };
    detector.Push({.t_seconds = static_cast<std::int64_t>(random() >> (random() % 64)),
                   .value = any(),
                   .limit = any(),
                   .work = any(),
                   .settled = any()},
                  options);
  }
  EXPECT_TRUE(Detector::Import(detector.Export()));
}

}  // namespace
}  // namespace tocsin::trend
