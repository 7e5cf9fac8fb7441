// Processes that come and go: what a leak rule keeps of those that are gone.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "rules/leak_tracker.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kLasting = 60;
constexpr int kNewEachMinute = 10;
constexpr int kLifeMinutes = 3;
constexpr milliseconds kInterval = 15s;

/// A host with some processes that stay, and a stream of others.
class Churn {
 public:
  Churn() {
    auto spec = std::make_shared<LeakSpec>();
    spec->limit_kind = LeakSpec::LimitKind::kNumber;
    spec->limit_number = 16e9;
    tracker_ = std::make_unique<LeakTracker>("L", std::move(spec), 1);
  }

  void Run(std::chrono::minutes time) {
    for (const WallTime end = now_ + time; now_ < end; now_ += kInterval) {
      LeakInputs inputs;
      for (int i = 0; i < kLasting; ++i) inputs.series.push_back(Sample("lasting", i));
      const auto minute = static_cast<int>((now_ - kStart) / 1min);
      for (int i = (minute - kLifeMinutes + 1) * kNewEachMinute; i < (minute + 1) * kNewEachMinute;
           ++i) {
        inputs.series.push_back(Sample("passing", i));
      }
      ASSERT_TRUE(tracker_->Update(inputs, now_));
    }
  }

  /// No process is there any more.
  void RunEmpty(std::chrono::minutes time) {
    for (const WallTime end = now_ + time; now_ < end; now_ += kInterval) {
      ASSERT_TRUE(tracker_->Update(LeakInputs{}, now_));
    }
  }

  const LeakTracker& tracker() const { return *tracker_; }
  WallTime now() const { return now_; }

 private:
  promql::VectorSample Sample(const char* kind, int i) const {
    return {Labels{{"groupname", kind + std::to_string(i)}}, ToMillis(now_), 1e6};
  }

  inline static const WallTime kStart = FromMillis(1'700'000'000'000);
  std::unique_ptr<LeakTracker> tracker_;
  WallTime now_ = kStart;
};

TEST(LeakChurnTest, WhatIsGoneIsForgottenAsSoonAsItWasThere) {
  Churn churn;
  churn.Run(1h);
  const std::size_t series = churn.tracker().size();
  const std::size_t bytes = churn.tracker().HeapBytes();
  // 15 minutes in which they are remembered, and four until they are looked for.
  EXPECT_LE(series, static_cast<std::size_t>(kLasting + kNewEachMinute * (kLifeMinutes + 20)));
  EXPECT_LE(bytes, series * 1'500);
  churn.Run(3h);
  EXPECT_LE(churn.tracker().size(), series + kNewEachMinute);
  EXPECT_LE(churn.tracker().HeapBytes(), bytes + kLasting * 3'072u);
}

TEST(LeakChurnTest, WhatWasThereForHoursIsRemembered) {
  Churn churn;
  churn.Run(3h);
  const Labels lasting{{"groupname", "lasting0"}};
  EXPECT_TRUE(churn.tracker().Find(lasting, churn.now())->present);
  churn.RunEmpty(115min);
  EXPECT_FALSE(churn.tracker().Find(lasting, churn.now())->present);
  EXPECT_TRUE(churn.tracker().Find(lasting, churn.now()));
  EXPECT_EQ(churn.tracker().size(), static_cast<std::size_t>(kLasting));
  churn.RunEmpty(10min);
  EXPECT_EQ(churn.tracker().size(), 0u);
}

}  // namespace
}  // namespace tocsin
