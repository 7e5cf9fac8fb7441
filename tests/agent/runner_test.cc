#include "agent/runtime/runner.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace tocsin {
namespace {

constexpr FamilySpec kValue{"value", MetricType::kGauge, "A value."};
using CollectFunction = std::function<Status(FamilySink&)>;

class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(const CollectFunction& collect) : collect_(collect) {}
  Status Collect(const RoundContext&, FamilySink& out) override { return collect_(out); }

 private:
  const CollectFunction& collect_;
};

struct Received {
  std::vector<double> published;
  int withdrawn = 0;
};

class FakeReceiver final : public RoundReceiver {
 public:
  explicit FakeReceiver(Received& received) : received_(received) {}
  void Publish(Ref<const Snapshot> snapshot) override {
    received_.published.push_back(snapshot->values.at(0));
  }
  void Withdraw(WallTime) override { ++received_.withdrawn; }

 private:
  Received& received_;
};

class RunnerTest : public testing::Test {
 protected:
  std::optional<milliseconds> Run() { return runner_.RunRound(clock_.Mono() + seconds(1), {}); }

  ManualClock clock_{FromMillis(1'000'000)};
  Received received_;
  CollectFunction collect_ = [](FamilySink& out) {
    out.Add(kValue, {}, 7);
    return Unit{};
  };
  CollectorRunner runner_{"fake", std::make_unique<FakeCollector>(collect_),
                          std::make_unique<FakeReceiver>(received_), clock_, nullptr};
};

TEST_F(RunnerTest, PublishesWhatSucceeded) {
  EXPECT_EQ(Run(), std::nullopt);
  EXPECT_EQ(received_.published, std::vector<double>{7});
  EXPECT_EQ(runner_.Status().health, CollectorHealth::kUp);
  EXPECT_EQ(runner_.Status().rounds, 1u);
  EXPECT_EQ(runner_.Status().series, 1u);
}

TEST_F(RunnerTest, AFailedRoundPublishesNothingAndWithdrawsOnce) {
  Run();
  collect_ = [](FamilySink& out) -> Status {
    out.Add(kValue, {}, 8);
    return Error{Errc::kIo, "gone"};
  };
  Run();
  Run();
  EXPECT_EQ(received_.published.size(), 1u);
  EXPECT_EQ(received_.withdrawn, 1);
  EXPECT_EQ(runner_.Status().last_error, "gone");
  EXPECT_EQ(runner_.Status().failures, 2u);
}

TEST_F(RunnerTest, AnExceptionIsAFailedRound) {
  collect_ = [](FamilySink&) -> Status { throw std::runtime_error("boom"); };
  Run();
  EXPECT_EQ(runner_.Status().health, CollectorHealth::kFailed);
  EXPECT_EQ(runner_.Status().last_error, "exception: boom");
}

TEST_F(RunnerTest, AnAbsentSourceIsNoFailureAndIsAskedEverMoreRarely) {
  collect_ = [](FamilySink&) -> Status { return Error{Errc::kUnsupported, "no such thing"}; };
  EXPECT_EQ(Run(), seconds(10));
  EXPECT_EQ(Run(), seconds(20));
  for (int i = 0; i < 10; ++i) Run();
  EXPECT_EQ(Run(), std::chrono::minutes(5));
  EXPECT_EQ(runner_.Status().failures, 0u);
  collect_ = [](FamilySink& out) -> Status {
    out.Add(kValue, {}, 1);
    return Unit{};
  };
  EXPECT_EQ(Run(), std::nullopt);
}

TEST_F(RunnerTest, ARoundThatWasGivenUpDoesNotCountWhenItEnds) {
  Run();
  collect_ = [this](FamilySink& out) -> Status {
    runner_.GiveUpRound();  // as the watcher does, from its own thread
    out.Add(kValue, {}, 9);
    return Unit{};
  };
  Run();
  EXPECT_EQ(received_.published, std::vector<double>{7});
  EXPECT_EQ(received_.withdrawn, 1);
  EXPECT_EQ(runner_.Status().health, CollectorHealth::kOverdue);
  collect_ = [](FamilySink& out) -> Status {
    out.Add(kValue, {}, 10);
    return Unit{};
  };
  Run();
  EXPECT_EQ(received_.published, (std::vector<double>{7, 10}));
  EXPECT_EQ(runner_.Status().health, CollectorHealth::kUp);
}

TEST_F(RunnerTest, ARetiredRunnerPublishesNothing) {
  runner_.Retire(RetireMode::kWithdraw);
  Run();
  EXPECT_TRUE(received_.published.empty());
  EXPECT_EQ(received_.withdrawn, 1);
}

}  // namespace
}  // namespace tocsin
