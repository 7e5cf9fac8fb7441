#include "collectors/net/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "collectors/net/network.h"
#include "tests/base/no_threads.h"
#include "tests/collectors/net/on_loop.h"

namespace tocsin::net {
namespace {

class LoopTest : public testing::Test {
 protected:
  /// The loop looks at the clock again.
  void Turn() {
    OnLoop(loop_, [] {});
    OnLoop(loop_, [] {});
  }

  ManualClock clock_{WallTime(seconds(1'700'000'000))};
  Loop loop_{clock_};
};

TEST_F(LoopTest, WorkRunsInOrderOnOneThreadThatIsNotTheCallers) {
  std::vector<int> order;
  std::thread::id thread;
  for (int i = 0; i < 100; ++i) loop_.Post([&order, i] { order.push_back(i); });
  OnLoop(loop_, [&] {
    thread = std::this_thread::get_id();
    EXPECT_TRUE(loop_.IsLoopThread());
  });
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_FALSE(loop_.IsLoopThread());
}

TEST_F(LoopTest, WithoutAThreadWorkWaitsForThePostThatGetsOne) {
  int done = 0;
  {
    const NoThreads none;
    loop_.Post([&] { ++done; });
  }
  OnLoop(loop_, [&] { EXPECT_EQ(done, 1); });
}

TEST_F(LoopTest, TimersFireWhenTheirTimeHasComeInItsOrder) {
  std::vector<int> fired;
  std::optional<Timer> late, early, cancelled;
  OnLoop(loop_, [&] {
    late.emplace(loop_);
    early.emplace(loop_);
    cancelled.emplace(loop_);
    late->Set(clock_.Mono() + milliseconds(20), [&] { fired.push_back(2); });
    early->Set(clock_.Mono() + milliseconds(10), [&] {
      fired.push_back(1);
      cancelled->Cancel();
    });
    cancelled->Set(clock_.Mono() + milliseconds(10), [&] { fired.push_back(3); });
  });
  clock_.Advance(milliseconds(9));
  Turn();
  OnLoop(loop_, [&] { EXPECT_TRUE(fired.empty()); });
  clock_.Advance(milliseconds(11));
  Turn();
  OnLoop(loop_, [&] {
    EXPECT_EQ(fired, (std::vector<int>{1, 2}));
    EXPECT_FALSE(early->IsSet());
    late.reset();
    early.reset();
    cancelled.reset();
  });
}

TEST_F(LoopTest, ATimerMayDestroyItselfAndOneSetAgainWaitsForTheNextTurn) {
  struct Again {
    explicit Again(Loop& loop) : timer(loop) {}
    Timer timer;
    int fired = 0;
  };
  auto again = std::make_unique<Again>(loop_);
  bool gone = false;
  std::function<void()> fire = [&] {
    if (++again->fired < 3) return again->timer.Set(loop_.Now(), fire);
    again.reset();
    gone = true;
  };
  OnLoop(loop_, [&] { again->timer.Set(loop_.Now(), fire); });
  for (int i = 0; i < 3; ++i) Turn();
  OnLoop(loop_, [&] { EXPECT_TRUE(gone); });
}

TEST_F(LoopTest, AWatcherTellsOfItsDescriptorUntilItIsCleared) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::promise<char> read;
  std::optional<Watcher> watcher;
  OnLoop(loop_, [&] {
    watcher.emplace(loop_);
    EXPECT_TRUE(watcher->Set(pipe[0], EPOLLIN, [&](std::uint32_t events) {
      EXPECT_TRUE(events & EPOLLIN);
      char c = 0;
      EXPECT_EQ(::read(pipe[0], &c, 1), 1);
      watcher.reset();  // from within its own callback
      read.set_value(c);
    }));
  });
  ASSERT_EQ(::write(pipe[1], "ab", 2), 2);
  EXPECT_EQ(read.get_future().get(), 'a');
  OnLoop(loop_, [&] { EXPECT_FALSE(watcher.has_value()); });
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(LoopTest, WhatIsQueuedAtTheEndIsDestroyedAndNotRun) {
  auto held = std::make_shared<int>(1);
  bool ran = false;
  std::promise<void> hold, holding;
  loop_.Post([&] {
    holding.set_value();
    hold.get_future().wait();
  });
  holding.get_future().wait();
  std::thread stopper([&] { loop_.Stop(); });
  loop_.Post([held, &ran] { ran = held != nullptr; });
  hold.set_value();
  stopper.join();
  loop_.Post([held, &ran] { ran = held != nullptr; });
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(LoopTest, ALoopThatWasNeverUsedHasNoThread) {
  Loop unused(clock_);
  unused.Stop();
  SUCCEED();
}

TEST(ResolverTest, LiteralsAndLocalNamesHaveAddressesAndOthersAnError) {
  const SystemClock clock;
  Network network(clock);
  struct Case {
    const char* host;
    IpVersion version;
    const char* ip;
  };
  const std::array<Case, 4> cases{{{"127.0.0.1", IpVersion::kAny, "127.0.0.1"},
                                   {"::1", IpVersion::kPrefer4, "::1"},
                                   {"localhost", IpVersion::kOnly4, "127.0.0.1"},
                                   {"no such host", IpVersion::kAny, ""}}};
  for (const Case& c : cases) {
    std::promise<Resolved> answer;
    Resolver::Handle handle;
    OnLoop(network.loop(), [&] {
      handle = network.resolver().Start(
          c.host, c.version, [&](Resolved resolved) { answer.set_value(std::move(resolved)); });
    });
    const Resolved resolved = answer.get_future().get();
    if (*c.ip == 0) {
      EXPECT_FALSE(resolved.error.empty());
      continue;
    }
    ASSERT_FALSE(resolved.addresses.empty()) << c.host << ": " << resolved.error;
    EXPECT_EQ(resolved.addresses[0].Ip(), c.ip);
  }
}

TEST(ResolverTest, WithoutAThreadThereIsAnErrorAndTheNextLookupGoesOn) {
  const SystemClock clock;
  Network network(clock);
  const auto look_up = [&](std::promise<Resolved>& answer) {
    return network.resolver().Start("localhost", IpVersion::kAny, [&](Resolved resolved) {
      answer.set_value(std::move(resolved));
    });
  };
  Resolver::Handle handle;
  std::promise<Resolved> none;
  OnLoop(network.loop(), [&] {
    const NoThreads no_threads;
    handle = look_up(none);
  });
  EXPECT_NE(none.get_future().get().error.find("no thread"), std::string::npos);
  std::promise<Resolved> some;
  OnLoop(network.loop(), [&] { handle = look_up(some); });
  EXPECT_EQ(some.get_future().get().error, "");
}

TEST(ResolverTest, AnAnswerNobodyWaitsForIsDropped) {
  const SystemClock clock;
  Network network(clock);
  bool told = false;
  OnLoop(network.loop(), [&] {
    Resolver::Handle handle =
        network.resolver().Start("127.0.0.1", IpVersion::kAny, [&](Resolved) { told = true; });
    handle.reset();
  });
  OnLoop(network.loop(), [] {});
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace tocsin::net
