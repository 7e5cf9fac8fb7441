#include "collectors/net/target_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>

#include "collectors/net/network.h"
#include "metrics/writer.h"
#include "tests/collectors/net/on_loop.h"

namespace tocsin::net {
namespace {

constexpr FamilySpec kValue{"thing_value", MetricType::kGauge, "A value."};
constexpr FamilySpec kValueAsCounter{"thing_value", MetricType::kCounter, "A value."};
constexpr FamilySpec kUp{"thing_up", MetricType::kGauge, "Whether it answers."};

/// What a target of a test does in its rounds, and what has become of it.
struct Behaviour {
  std::function<void(FamilySink&)> add = [](FamilySink& out) { out.Add(kValue, {}, 1); };
  std::optional<Failure> failure;
  bool hangs = false;
  std::atomic<int> started{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> alive{0};
  TargetDone pending;  // of a hung one
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(Behaviour& behaviour) : behaviour_(behaviour) { ++behaviour_.alive; }
  ~FakeTarget() override { --behaviour_.alive; }

  void Start(const TargetRound&, FamilySink& out, TargetDone done) override {
    ++behaviour_.started;
    behaviour_.add(out);
    if (behaviour_.hangs) {
      behaviour_.pending = std::move(done);
      return;
    }
    done(behaviour_.failure);
  }
  void Cancel() override { ++behaviour_.cancelled; }
  void WriteDown(const Failure&, FamilySink& out) override { out.Add(kUp, {}, 0); }

 private:
  Behaviour& behaviour_;
};

class TargetPoolTest : public testing::Test {
 protected:
  static TargetSpec Spec(std::string name, Behaviour& behaviour) {
    TargetSpec spec;
    spec.name = std::move(name);
    spec.make = [&behaviour](Network&) { return std::make_unique<FakeTarget>(behaviour); };
    return spec;
  }
  /// One round: every series as PromQL writes it, with its value.
  std::map<std::string, double> Round(TargetPool& pool) {
    RoundWriter writer;
    writer.Begin(clock_.Wall());
    EXPECT_TRUE(pool.Collect({clock_.Wall(), clock_.Mono() + seconds(60), {}}, writer).ok());
    const auto snapshot = writer.Finish();
    EXPECT_TRUE(snapshot.ok()) << snapshot.error().message();
    std::map<std::string, double> series;
    if (!snapshot) return series;
    for (std::size_t i = 0; i < (*snapshot)->values.size(); ++i) {
      series[(*snapshot)->layout->FullLabels(i).ToString()] = (*snapshot)->values[i];
    }
    return series;
  }
  static double Of(const std::map<std::string, double>& series, const std::string& name) {
    const auto found = series.find(name);
    EXPECT_NE(found, series.end()) << name;
    return found == series.end() ? -1 : found->second;
  }
  static std::string Meta(const std::string& name, const std::string& target) {
    return "tocsin_target_" + name + "{collector=\"thing\", target=\"" + target + "\"}";
  }

  Behaviour& Make() { return behaviours_.emplace_back(); }

  std::deque<Behaviour> behaviours_;  // outlive the loop, on which the targets end
  ManualClock clock_{WallTime(seconds(1'700'000'000))};
  Network network_{clock_, {.grace = milliseconds(50)}};
};

TEST_F(TargetPoolTest, EachTargetGivesItsSeriesUnderItsLabels) {
  Behaviour& a = Make();
  Behaviour& b = Make();
  b.add = [](FamilySink& out) {
    out.Add(kValue, {{"instance", "its own"}}, 2);
    out.Add(kValue, {{"zone", "z"}}, 3);
  };
  TargetPool pool(network_, {.collector = "thing"});
  TargetSpec labelled = Spec("b:1", b);
  labelled.labels = {{"env", "prod"}};
  pool.SetTargets({Spec("a:1", a), labelled});
  const auto series = Round(pool);
  EXPECT_EQ(Of(series, "thing_value{instance=\"a:1\"}"), 1);
  EXPECT_EQ(Of(series, "thing_value{env=\"prod\", instance=\"its own\"}"), 2);
  EXPECT_EQ(Of(series, "thing_value{env=\"prod\", instance=\"b:1\", zone=\"z\"}"), 3);
  EXPECT_EQ(Of(series, Meta("up", "a:1")), 1);
  EXPECT_EQ(Of(series, Meta("series", "b:1")), 2);
}

TEST_F(TargetPoolTest, ADeadTargetCostsOnlyItsOwnData) {
  Behaviour& good = Make();
  Behaviour& bad = Make();
  Behaviour& hung = Make();
  bad.failure = Failure{Reason::kAuth, "wrong password"};
  hung.hangs = true;
  TargetPool pool(network_, {.collector = "thing", .timeout = seconds(5)});
  pool.SetTargets({Spec("hung", hung), Spec("bad", bad), Spec("good", good)});
  auto series = Round(pool);
  EXPECT_EQ(Of(series, "thing_value{instance=\"good\"}"), 1);
  EXPECT_EQ(Of(series, "thing_up{instance=\"bad\"}"), 0);
  EXPECT_EQ(Of(series, Meta("up", "bad")), 0);
  EXPECT_EQ(series.count("thing_value{instance=\"bad\"}"), 0u) << "of a failed round";
  EXPECT_EQ(series.count(Meta("up", "hung")), 0u) << "nothing is known of it yet";
  EXPECT_EQ(Of(series,
               "tocsin_target_failures_total{collector=\"thing\", reason=\"auth\", "
               "target=\"bad\"}"),
            1);

  clock_.Advance(seconds(6));
  OnLoop(network_.loop(), [] {});
  OnLoop(network_.loop(), [] {});
  hung.hangs = false;
  EXPECT_EQ(hung.cancelled, 1);
  OnLoop(network_.loop(), [&] { hung.pending(std::nullopt); });  // too late: it does not count
  series = Round(pool);
  EXPECT_EQ(Of(series, Meta("up", "hung")), 1);
  EXPECT_EQ(Of(series,
               "tocsin_target_failures_total{collector=\"thing\", reason=\"timeout\", "
               "target=\"hung\"}"),
            1);
  EXPECT_EQ(hung.started, 2);
}

TEST_F(TargetPoolTest, ATargetThatIsStillRunningIsNotStartedAgainAndKeepsItsLastResult) {
  Behaviour& slow = Make();
  TargetPool pool(network_, {.collector = "thing", .timeout = seconds(5)});
  pool.SetTargets({Spec("slow", slow)});
  Round(pool);
  slow.hangs = true;
  Round(pool);
  const auto series = Round(pool);
  EXPECT_EQ(slow.started, 2);
  EXPECT_EQ(Of(series, "thing_value{instance=\"slow\"}"), 1);
  EXPECT_EQ(Of(series, Meta("up", "slow")), 1);
}

TEST_F(TargetPoolTest, WhatIsTooMuchOrClashesIsLeftOutAndCounted) {
  Behaviour& bomb = Make();
  Behaviour& clash = Make();
  Behaviour& twice = Make();
  bomb.add = [](FamilySink& out) {
    for (int i = 0; i < 100; ++i) out.Add(kValue, {{"i", std::to_string(i)}}, i);
    out.Add(kUp, {{"long", std::string(2'000, 'x')}}, 1);
  };
  clash.add = [](FamilySink& out) { out.Add(kValueAsCounter, {}, 1); };
  twice.add = [](FamilySink& out) {
    out.Add(kValue, {}, 1);
    out.Add(kValue, {}, 2);
  };
  TargetPool pool(network_, {.collector = "thing", .max_series = 10});
  pool.SetTargets({Spec("bomb", bomb), Spec("clash", clash), Spec("twice", twice)});
  const auto series = Round(pool);
  EXPECT_EQ(Of(series, Meta("series", "bomb")), 10);
  EXPECT_EQ(Of(series, Meta("dropped_series_total", "bomb")), 91);
  EXPECT_EQ(Of(series, Meta("dropped_series_total", "clash")), 1);
  EXPECT_EQ(Of(series, Meta("up", "twice")), 0);
  EXPECT_EQ(Of(series, "thing_up{instance=\"twice\"}"), 0);
}

TEST_F(TargetPoolTest, WithoutInstancesTheSecondOfTwoEqualSeriesIsLeftOut) {
  Behaviour& a = Make();
  Behaviour& b = Make();
  TargetPool pool(network_, {.collector = "thing", .add_instance = false});
  pool.SetTargets({Spec("a", a), Spec("b", b), Spec("b", b)});
  const auto series = Round(pool);
  EXPECT_EQ(Of(series, "thing_value"), 1);
  EXPECT_EQ(Of(series, Meta("dropped_series_total", "b")), 1);
}

TEST_F(TargetPoolTest, NoMoreThanAllowedRunAtOnce) {
  constexpr std::size_t kAll = 20;
  for (std::size_t i = 0; i < kAll; ++i) Make();
  std::deque<Behaviour>& all = behaviours_;
  int running = 0;
  int most = 0;
  TargetPool pool(network_, {.collector = "thing", .timeout = seconds(5), .max_parallel = 3});
  std::vector<TargetSpec> specs;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].hangs = true;
    all[i].add = [&](FamilySink&) { most = std::max(most, ++running); };
    specs.push_back(Spec("t" + std::to_string(i), all[i]));
  }
  pool.SetTargets(std::move(specs));
  Round(pool);
  for (std::size_t turn = 0; turn < all.size(); ++turn) {
    OnLoop(network_.loop(), [&] {
      for (Behaviour& behaviour : all) {
        if (!behaviour.pending) continue;
        --running;
        std::exchange(behaviour.pending, nullptr)(std::nullopt);
      }
    });
    OnLoop(network_.loop(), [] {});
  }
  OnLoop(network_.loop(), [&] { EXPECT_EQ(most, 3); });
  const auto series = Round(pool);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(Of(series, Meta("up", "t" + std::to_string(i))), 1);
  }
}

TEST_F(TargetPoolTest, ChangedTargetsAreMadeAnewOthersStay) {
  Behaviour& stays = Make();
  Behaviour& changes = Make();
  Behaviour& goes = Make();
  Behaviour& comes = Make();
  TargetPool pool(network_, {.collector = "thing"});
  pool.SetTargets({Spec("stays", stays), Spec("changes", changes), Spec("goes", goes)});
  Round(pool);
  goes.hangs = true;
  Round(pool);
  TargetSpec changed = Spec("changes", comes);
  changed.key = "another";
  pool.SetTargets({Spec("stays", stays), changed});
  const auto series = Round(pool);
  OnLoop(network_.loop(), [] {});
  EXPECT_EQ(stays.alive, 1);
  EXPECT_EQ(stays.started, 3);
  EXPECT_EQ(changes.alive, 0);
  EXPECT_EQ(comes.alive, 1);
  EXPECT_EQ(goes.alive, 0);
  EXPECT_EQ(goes.cancelled, 1);
  EXPECT_EQ(series.count(Meta("up", "goes")), 0u);
}

TEST_F(TargetPoolTest, APoolEndsWhileItsTargetsRun) {
  Behaviour& hung = Make();
  hung.hangs = true;
  {
    TargetPool pool(network_, {.collector = "thing"});
    pool.SetTargets({Spec("hung", hung)});
    Round(pool);
  }
  OnLoop(network_.loop(), [] {});
  EXPECT_EQ(hung.alive, 0);
  EXPECT_EQ(hung.cancelled, 1);
}

}  // namespace
}  // namespace tocsin::net
