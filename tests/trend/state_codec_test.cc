#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "tests/trend/series.h"

namespace tocsin::trend {
namespace {

Shape Leaking() {
  return [noise = std::make_shared<Noise>(3, 0.3 * kMiB)](double t) {
    return 200 * kMiB + 70 * kMiB * t / kHour + (*noise)();
  };
}

TEST(StateCodec, BringsBackEveryState) {
  const Shape shape = Leaking();
  Detector detector;
  for (int hour = 0; hour < 10; ++hour) {
    const std::string bytes = detector.Export();
    EXPECT_EQ(bytes.size(), 3035u);  // FORMAT.md
    const auto back = Detector::Import(bytes);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->Export(), bytes);
    EXPECT_EQ(back->state(), detector.state());
    Feed(detector, shape, 1, 1000 * kMiB, Medium(), hour * kHour);
  }
  EXPECT_EQ(detector.state(), LeakState::kConfirmed);
}

/// An agent that is restarted at any time finds what one that was not finds, at the same time.
TEST(StateCodec, ARestartOfTheAgentChangesNothing) {
  const auto alarm = [](bool restarts) {
    Detector detector;
    const Shape shape = Leaking();
    for (int part = 0; part < 40; ++part) {
      const Fed run = Feed(detector, shape, 0.25, 1000 * kMiB, Medium(), part * 900);
      if (run.first) return run.first_after;
      if (restarts) detector = *Detector::Import(detector.Export());
    }
    return std::int64_t{-1};
  };
  const std::int64_t undisturbed = alarm(false);
  EXPECT_GT(undisturbed, 0);
  EXPECT_EQ(alarm(true), undisturbed);
}

TEST(StateCodec, RefusesWhatItHasNotWritten) {
  Detector detector;
  Feed(detector, Leaking(), 3, 1000 * kMiB, Medium());
  const std::string good = detector.Export();
  EXPECT_EQ(Detector::Import("").error().code(), Errc::kMalformed);
  EXPECT_EQ(Detector::Import("nonsense").error().code(), Errc::kMalformed);
  for (const std::size_t size : {good.size() - 1, good.size() + 1, std::size_t{4}}) {
    std::string other = good;
    other.resize(size);
    EXPECT_EQ(Detector::Import(other).error().code(), Errc::kMalformed) << size;
  }
  std::string newer = good;
  newer[3] = 2;
  EXPECT_EQ(Detector::Import(newer).error().code(), Errc::kUnsupported);
}

/// Whatever single bytes are damaged: refused, or a state that goes on without harm.
TEST(StateCodec, DamageCostsNothingElse) {
  Detector detector;
  Feed(detector, Leaking(), 6, 1000 * kMiB, Medium());
  const std::string good = detector.Export();
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0xFF);
    auto back = Detector::Import(bad);
    if (!back) {
      ++refused;
      continue;
    }
    Feed(*back, Leaking(), 0.1, 1000 * kMiB, Medium(), 6 * kHour);
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace tocsin::trend
