#include "rules/evaluation_slots.h"

#include <gtest/gtest.h>

#include <set>

namespace tocsin {
namespace {

using namespace std::chrono_literals;

TEST(SlotTest, ShiftIsStableWithinTheIntervalAndSpreadsGroups) {
  EXPECT_EQ(SlotShift("a.yml", "host", 15s), SlotShift("a.yml", "host", 15s));
  EXPECT_NE(SlotShift("a", "bc", 24h), SlotShift("ab", "c", 24h));
  std::set<milliseconds> shifts;
  for (int i = 0; i < 100; ++i) {
    const milliseconds shift = SlotShift("rules.yml", "group" + std::to_string(i), 15s);
    EXPECT_GE(shift, 0s);
    EXPECT_LT(shift, 15s);
    shifts.insert(shift);
  }
  EXPECT_GT(shifts.size(), 90U);
}

TEST(SlotTest, SlotIsTheLatestNotAfterNow) {
  EXPECT_EQ(SlotAt(FromMillis(100'000), 15s, 0s), FromMillis(90'000));
  EXPECT_EQ(SlotAt(FromMillis(90'000), 15s, 0s), FromMillis(90'000));
  EXPECT_EQ(SlotAt(FromMillis(100'000), 15s, 11s), FromMillis(86'000));
  EXPECT_EQ(SlotAt(FromMillis(101'000), 15s, 11s), FromMillis(101'000));
  EXPECT_EQ(SlotAt(FromMillis(-1), 15s, 0s), FromMillis(-15'000));
}

class EvaluationSlotsTest : public ::testing::Test {
 protected:
  void Pass(milliseconds wall, milliseconds mono) {
    now_.wall += wall;
    now_.mono += mono;
  }
  void Pass(milliseconds both) { Pass(both, both); }
  bool Take() { return slots_.Take(now_, due_); }

  Moment now_{FromMillis(1'000'000'000), MonoTime(500s)};
  EvaluationSlots slots_{15s, 4s};
  EvaluationSlots::Due due_{};
};

TEST_F(EvaluationSlotsTest, EachSlotIsDueOnce) {
  EXPECT_FALSE(Take()) << "the first is the next one";
  Pass(slots_.UntilNext(now_.wall));
  ASSERT_TRUE(Take());
  EXPECT_EQ(due_.slot, now_.wall);
  EXPECT_EQ(due_.missed, 0U);
  EXPECT_FALSE(Take());
  Pass(14999ms);
  EXPECT_FALSE(Take());
  Pass(1ms);
  EXPECT_TRUE(Take());
}

TEST_F(EvaluationSlotsTest, SlowEvaluationSkipsAndCounts) {
  Take();
  Pass(slots_.UntilNext(now_.wall));
  Take();
  const WallTime first = due_.slot;
  Pass(50s);
  ASSERT_TRUE(Take());
  EXPECT_EQ(due_.slot, first + 45s);
  EXPECT_EQ(due_.missed, 2U);
}

TEST_F(EvaluationSlotsTest, ClockStepsAndSuspendMakeOneSlotDueAndMissNone) {
  Take();
  Pass(slots_.UntilNext(now_.wall));
  Take();
  Pass(24h, 15s);
  ASSERT_TRUE(Take());
  EXPECT_EQ(due_.missed, 0U);
  EXPECT_FALSE(Take());
  Pass(-24h, 15s);
  ASSERT_TRUE(Take());
  EXPECT_EQ(due_.missed, 0U);
  EXPECT_LE(slots_.UntilNext(now_.wall), 15s) << "no timer stalls until the old time comes again";
  Pass(8h, 1s);
  ASSERT_TRUE(Take());
  EXPECT_EQ(due_.missed, 0U);
}

}  // namespace
}  // namespace tocsin
