#include "agent/runtime/timetable.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr MonoTime kStart{};

TEST(TimetableTest, JobsOfOneIntervalFallDueTogether) {
  Timetable timetable(kStart);
  const auto a = timetable.Add(seconds(1), kStart);
  const auto b = timetable.Add(seconds(5), kStart);
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
  const auto job = timetable.Add(seconds(1), kStart);
  timetable.TakeDue(kStart);
  timetable.Done(job, kStart + milliseconds(3500));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(4));
}

TEST(TimetableTest, AHastenedJobIsDueAtOnceAndThenAsBefore) {
  Timetable timetable(kStart);
  const auto job = timetable.Add(seconds(5), kStart);
  timetable.TakeDue(kStart);
  timetable.Done(job, kStart);
  const MonoTime now = kStart + seconds(2);
  timetable.Hasten(job, now);
  EXPECT_EQ(timetable.TakeDue(now), job);
  timetable.Hasten(job, now);  // while it runs: what it has read by now may be old
  EXPECT_EQ(timetable.TakeDue(now), std::nullopt);
  timetable.Done(job, now + milliseconds(10));
  EXPECT_EQ(timetable.TakeDue(now + milliseconds(10)), job);
  timetable.Done(job, now + milliseconds(20));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(5));
}

TEST(TimetableTest, APauseReplacesTheIntervalOnce) {
  Timetable timetable(kStart);
  const auto job = timetable.Add(seconds(1), kStart);
  timetable.TakeDue(kStart);
  timetable.Done(job, kStart, seconds(10));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(10));
  timetable.TakeDue(kStart + seconds(10));
  timetable.Done(job, kStart + seconds(10));
  EXPECT_EQ(timetable.NextDue(), kStart + seconds(11));
}

TEST(TimetableTest, ARemovedJobIsNeverDueAndItsNumberIsUsedAgainOnceItEnded) {
  Timetable timetable(kStart);
  const auto gone = timetable.Add(seconds(1), kStart);
  timetable.TakeDue(kStart);
  timetable.Remove(gone);
  EXPECT_NE(timetable.Add(seconds(1), kStart), gone) << "it is still running";
  timetable.Done(gone, kStart);
  EXPECT_EQ(timetable.Add(seconds(5), kStart + seconds(2)), gone);
  EXPECT_EQ(timetable.TakeDue(kStart + seconds(2)), std::size_t{1}) << "overdue since the start";
  EXPECT_EQ(timetable.TakeDue(kStart + seconds(2)), gone);
}

}  // namespace
}  // namespace tocsin
