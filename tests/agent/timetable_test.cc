#include "agent/runtime/timetable.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr MonoTime kStart{};

TEST(TimetableTest, JobsOfOneIntervalFallDueTogether) {
  Timetable timetable(kStart);
  const auto a = timetable.Add(seconds(1));
  const auto b = timetable.Add(seconds(5));
  EXPECT_EQ(timetable.TakeDue(kStart), a);
  EXPECT_EQ(timetable.TakeDue(kStart), b);
  EXPECT_EQ(timetable.TakeDue(kStart), std::nullopt);
  EXPECT_EQ(timetable.NextDue(), std::nullopt) << "both are running";
  timetable.Done(a, kStart + milliseconds(30));
  timetable.Done(b, kStart + milliseconds(700));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(1));
  EXPECT_EQ(timetable.TakeDue(kStart + milliseconds(999)), std::nullopt);
  EXPECT_EQ(timetable.TakeDue(kStart + seconds(5)), a) << "longest overdue first";
  EXPECT_EQ(timetable.TakeDue(kStart + seconds(5)), b);
}

TEST(TimetableTest, ASlowRoundSkipsWhatItMissed) {
  Timetable timetable(kStart);
  const auto job = timetable.Add(seconds(1));
  timetable.TakeDue(kStart);
  timetable.Done(job, kStart + milliseconds(3500));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(4));
}

TEST(TimetableTest, APauseReplacesTheIntervalOnce) {
  Timetable timetable(kStart);
  const auto job = timetable.Add(seconds(1));
  timetable.TakeDue(kStart);
  timetable.Done(job, kStart, seconds(10));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(10));
  timetable.TakeDue(kStart + seconds(10));
  timetable.Done(job, kStart + seconds(10));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(11));
}

}  // namespace
}  // namespace tocsin
