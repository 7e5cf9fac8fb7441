#include "agent/runtime/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

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

TEST(SchedulerTest, RunsEveryJobAgainAndAgain) {
  const SystemClock clock;
  std::latch a(20);
  std::latch b(20);
  const auto count = [](std::latch& latch) {
    return [&latch, left = std::make_shared<std::atomic<int>>(20)](std::stop_token) {
      if (left->fetch_sub(1) > 0) latch.count_down();
    };
  };
  Scheduler scheduler(
      clock, {MakeJob("a", seconds(10), count(a)), MakeJob("b", seconds(10), count(b))}, 2);
  a.wait();
  b.wait();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(scheduler.workers(), 0u);
}

TEST(SchedulerTest, HungJobsCostTheOthersNothingAndThreadsDoNotPileUp) {
  const SystemClock clock;
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::latch all_overdue(3);
  std::vector<Job> jobs;
  for (int i = 0; i < 3; ++i) {  // more than there are workers
    jobs.push_back(MakeJob(
        "hung", milliseconds(1), [released](std::stop_token) { released.wait(); },
        [&] { all_overdue.count_down(); }));
  }
  std::atomic<int> rounds = 0;
  std::promise<void> many;
  jobs.push_back(MakeJob("healthy", seconds(10), [&](std::stop_token) {
    if (++rounds == 50) many.set_value();
  }));
  Scheduler scheduler(clock, std::move(jobs), 2);
  all_overdue.wait();
  many.get_future().wait();
  EXPECT_LE(scheduler.workers(), 5u) << "two, and one for each hung job";
  release.set_value();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(scheduler.workers(), 0u);
}

TEST(SchedulerTest, StopAsksRunningRoundsToEnd) {
  const SystemClock clock;
  std::promise<void> started;
  Scheduler scheduler(clock,
                      {MakeJob("waits", seconds(100),
                               [&](std::stop_token stop) {
                                 started.set_value();
                                 std::promise<void> stopped;
                                 const std::stop_callback on_stop(stop,
                                                                  [&] { stopped.set_value(); });
                                 stopped.get_future().wait();
                               })},
                      1);
  started.get_future().wait();
  scheduler.Stop(seconds(10));
  EXPECT_EQ(scheduler.workers(), 0u);
}

TEST(SchedulerTest, StopLeavesAHungRoundBehindWhenPatienceEnds) {
  const SystemClock clock;
  auto release = std::make_shared<std::promise<void>>();
  auto started = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  const auto released = release->get_future().share();
  Scheduler scheduler(clock,
                      {MakeJob("hung", seconds(100),
                               [=](std::stop_token) {
                                 started->set_value();
                                 released.wait();
                                 ended->set_value();
                               })},
                      1);
  started->get_future().wait();
  scheduler.Stop(milliseconds(1));
  EXPECT_EQ(scheduler.workers(), 1u);
  release->set_value();
  ended->get_future().wait();
}

}  // namespace
}  // namespace tocsin
