#include "agent/runtime/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "tests/base/no_threads.h"

namespace tocsin {
namespace {

using Pause = std::optional<milliseconds>;

Job MakeJob(
    std::string name, milliseconds timeout, std::function<void(std::stop_token)> run,
    std::function<void()> overdue = [] {}) {
  return {std::move(name), milliseconds(1), timeout,
          [run = std::move(run)](MonoTime, std::stop_token stop) -> Pause {
            run(std::move(stop));
            return std::nullopt;
          },
          std::move(overdue)};
}

/// Of a scheduler that was stopped and whose hung jobs were released.
void AwaitWorkersEnd(const Scheduler& scheduler) {
  while (scheduler.workers() > 0) std::this_thread::yield();
}

TEST(SchedulerTest, RunsEveryJobAgainAndAgain) {
  static const SystemClock clock;  // outlives every worker
  std::latch a(20);
  std::latch b(20);
  const auto count = [](std::latch& latch) {
    return [&latch, left = std::make_shared<std::atomic<int>>(20)](std::stop_token) {
      if (left->fetch_sub(1) > 0) latch.count_down();
    };
  };
  Scheduler scheduler(clock, 2);
  scheduler.Add(MakeJob("a", seconds(10), count(a)));
  scheduler.Add(MakeJob("b", seconds(10), count(b)));
  a.wait();
  b.wait();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(scheduler.workers(), 0u);
}

TEST(SchedulerTest, HungJobsCostTheOthersNothingAndThreadsDoNotPileUp) {
  static const SystemClock clock;  // outlives every worker
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> overdue = 0;  // rises above 3 when a released job is slow again
  std::promise<void> all_overdue;
  std::atomic<int> rounds = 0;
  std::promise<void> many;
  Scheduler scheduler(clock, 2);
  for (int i = 0; i < 3; ++i) {  // more than there are workers
    scheduler.Add(MakeJob(
        "hung", milliseconds(1), [released](std::stop_token) { released.wait(); },
        [&] {
          if (++overdue == 3) all_overdue.set_value();
        }));
  }
  scheduler.Add(MakeJob("healthy", seconds(10), [&](std::stop_token) {
    if (++rounds == 50) many.set_value();
  }));
  all_overdue.get_future().wait();
  many.get_future().wait();
  EXPECT_LE(scheduler.workers(), 5u) << "two, and one for each hung job";
  release.set_value();
  scheduler.Stop(seconds(10));
  AwaitWorkersEnd(scheduler);  // Stop() waits for no job that is overdue still
}

TEST(SchedulerTest, AHostThatGivesNoMoreThreadsIsAskedAgain) {
  static const SystemClock clock;  // outlives every worker
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> overdue;
  std::promise<void> healthy;
  std::atomic<int> rounds = 0;
  Scheduler scheduler(clock, 1);
  {
    const NoThreads none;
    scheduler.Add(MakeJob(
        "hung", milliseconds(1), [released](std::stop_token) { released.wait(); },
        [&, told = std::make_shared<std::atomic<bool>>(false)] {
          if (!told->exchange(true)) overdue.set_value();
        }));
    overdue.get_future().wait();
    EXPECT_EQ(scheduler.workers(), 1u);
  }
  scheduler.Add(MakeJob("healthy", seconds(10), [&](std::stop_token) {
    if (++rounds == 1) healthy.set_value();
  }));
  healthy.get_future().wait();
  release.set_value();
  scheduler.Stop(seconds(10));
  AwaitWorkersEnd(scheduler);
}

TEST(SchedulerTest, StopAsksRunningRoundsToEnd) {
  static const SystemClock clock;  // outlives every worker
  std::promise<void> started;
  Scheduler scheduler(clock, 1);
  scheduler.Add(MakeJob("waits", seconds(100), [&](std::stop_token stop) {
    started.set_value();
    std::promise<void> stopped;
    const std::stop_callback on_stop(stop, [&] { stopped.set_value(); });
    stopped.get_future().wait();
  }));
  started.get_future().wait();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(scheduler.workers(), 0u);
}

TEST(SchedulerTest, StopLeavesAHungRoundBehindWhenPatienceEnds) {
  static const SystemClock clock;  // outlives every worker
  auto release = std::make_shared<std::promise<void>>();
  auto started = std::make_shared<std::promise<void>>();
  const auto released = release->get_future().share();
  Scheduler scheduler(clock, 1);
  scheduler.Add(MakeJob("hung", seconds(100), [=](std::stop_token) {
    started->set_value();
    released.wait();
  }));
  started->get_future().wait();
  scheduler.Stop(milliseconds(1));
  EXPECT_EQ(scheduler.workers(), 1u);
  release->set_value();
  AwaitWorkersEnd(scheduler);
}

TEST(SchedulerTest, AJobRunsAtOnceWhenAsked) {
  static const SystemClock clock;  // outlives every worker
  Scheduler scheduler(clock, 1);
  std::atomic<int> rounds = 0;
  std::latch first(1);
  std::latch second(1);
  Job job = MakeJob("hourly", seconds(10), [&](std::stop_token) {
    const int round = ++rounds;
    if (round == 1) first.count_down();
    if (round == 2) second.count_down();
  });
  job.interval = std::chrono::hours(1);
  const std::size_t number = scheduler.Add(std::move(job));
  first.wait();
  scheduler.RunNow(number);
  second.wait();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(rounds, 2);
}

TEST(SchedulerTest, ARemovedJobBeginsNoMoreRounds) {
  static const SystemClock clock;  // outlives every worker
  Scheduler scheduler(clock, 1);
  std::atomic<int> removed_rounds = 0;
  std::latch first(1);
  const std::size_t job = scheduler.Add(MakeJob("removed", seconds(10), [&](std::stop_token) {
    if (++removed_rounds == 1) first.count_down();
  }));
  first.wait();
  scheduler.Remove(job);
  const auto settle = [&] {  // two rounds of another job: whatever ran before has ended
    std::latch twice(2);
    auto left = std::make_shared<std::atomic<int>>(2);
    scheduler.Add(MakeJob("other", seconds(10), [&twice, left](std::stop_token) {
      if (left->fetch_sub(1) > 0) twice.count_down();
    }));
    twice.wait();
  };
  settle();
  const int rounds = removed_rounds;
  settle();
  EXPECT_EQ(removed_rounds, rounds);
  scheduler.Stop(seconds(10));  // its workers use the clock
}

TEST(SchedulerTest, WhatJobsOwnEndsWithStopAndOfARemovedOneWithIt) {
  static const SystemClock clock;  // outlives every worker
  for (int i = 0; i < 100; ++i) {
    auto kept = std::make_shared<int>();
    auto removed = std::make_shared<int>();
    const std::weak_ptr<int> of_kept = kept;
    const std::weak_ptr<int> of_removed = removed;
    std::latch ran(1);
    Scheduler scheduler(clock, 2);
    scheduler.Add(MakeJob("kept", seconds(10), [owned = std::move(kept)](std::stop_token) {}));
    const std::size_t job = scheduler.Add(
        MakeJob("removed", seconds(10), [&ran, owned = std::move(removed)](std::stop_token) {
          if (!ran.try_wait()) ran.count_down();
        }));
    ran.wait();
    scheduler.Remove(job);
    while (!of_removed.expired()) std::this_thread::yield();  // its round may be under way
    scheduler.Stop(seconds(10));
    EXPECT_TRUE(of_kept.expired()) << "a worker's thread ends it later, whatever is gone by then";
  }
}

}  // namespace
}  // namespace tocsin
