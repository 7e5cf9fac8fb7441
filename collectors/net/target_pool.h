#pragma once
// What a networked collector is made of: N targets asked on the loop, so that a slow or dead one
// costs only its own data.
//
// How a collector is written with it (collectors/cache/memcached.cc is a short example):
//
//   class FooTarget final : public net::Target, net::StreamUser {
//     void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
//       out_ = &out; done_ = std::move(done);
//       stream_.connected() ? Ask() : stream_.Connect({.to = …, .deadline = round.deadline});
//     }
//     void Cancel() override { stream_.Close(); }         // done_ will not be called
//     void WriteDown(FamilySink& out) override { out.Add(kUp, {}, 0); }
//     …  OnConnected → Ask; OnData → parse, out_->Add(…), and at the end: done_(std::nullopt) or
//        done_(Failure{Reason::kProtocol, "…"})
//   };
//
//   class FooCollector final : public Collector {
//     FooCollector(net::Network& network, …) : pool_(network, {.collector = "foo", …}) {
//       pool_.SetTargets({{.name = "localhost:6379", .make = [=](net::Network& n) {…}}});
//     }
//     Status Collect(const RoundContext& round, FamilySink& out) override {
//       return pool_.Collect(round, out);
//     }
//   };
//
// Rules for a Target: it is made, used and destroyed on the loop's thread; never blocks; keeps its
// connection from round to round; bounds what it keeps of what it receives; says why it failed with
// a net::Failure. HTTP targets use network.http() and cancel in Cancel(). All series get the
// target's labels (`instance` by default) from the pool: a target adds only its own.
// In the catalog entry, families are those of the targets: kTargetFamilies come by themselves.
// Fixtures: tests/collectors/fixture.h, `serve/`.

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/collector.h"
#include "collectors/net/failure.h"
#include "metrics/family.h"
#include "metrics/snapshot.h"
#include "metrics/writer.h"

namespace tocsin::net {

class Network;

struct TargetRound {
  WallTime now;       // when the round of the collector began
  MonoTime began;     // when this target was started
  MonoTime deadline;  // then the pool cancels it
};

/// Nothing: it went well. Called at most once a round, on the loop's thread, last of all that the
/// target does in a round: the target may start its next round, or be gone, when it returns.
using TargetDone = std::function<void(std::optional<Failure>)>;

/// Loop thread only.
class Target {
 public:
  virtual ~Target() = default;

  /// Begins a round. Adds to `out`, which lives until `done`, what it finds; after a failure
  /// nothing of that counts. `done` may be called from within.
  virtual void Start(const TargetRound& round, FamilySink& out, TargetDone done) = 0;
  /// The round is over: `done` and `out` are not touched any more.
  virtual void Cancel() = 0;
  /// What is exported of a target whose round failed: its "up 0", if it has one.
  virtual void WriteDown(const Failure&, FamilySink&) {}
};

struct TargetSpec {
  /// The value of the label `target` of kTargetFamilies, and of `instance` of its series.
  std::string name;
  /// Besides `instance` on all its series; one called "instance" replaces it. A label that a series
  /// has itself wins.
  std::vector<std::pair<std::string, std::string>> labels;
  /// Targets with equal names and equal keys are the same: SetTargets() leaves them alone.
  std::string key;
  /// Called on the loop's thread.
  std::function<std::unique_ptr<Target>(Network&)> make;
  /// Of its own, or zero: the pool's.
  milliseconds timeout{0};
};

struct TargetPoolOptions {
  std::string collector;        // the value of the label `collector`
  milliseconds timeout{5'000};  // of a target's round
  /// Of one target's round; what is over it is dropped and counted.
  std::size_t max_series = 10'000;
  std::size_t max_label_bytes = 1'024;  // of a label's value
  std::size_t max_parallel = 256;       // targets asked at once
  bool add_instance = true;             // the label `instance`
  bool add_target_families = true;
  std::optional<milliseconds> grace = std::nullopt;  // instead of the network's
};

/// tocsin_target_up, _duration_seconds, _failures_total{reason}, _series, _dropped_series_total;
/// labels collector and target.
inline constexpr std::array<FamilySpec, 5> kTargetFamilies{{
    {"tocsin_target_up", MetricType::kGauge,
     "Whether the last exchange with the target succeeded."},
    {"tocsin_target_duration_seconds", MetricType::kGauge,
     "How long the last exchange with the target took.", "seconds"},
    {"tocsin_target_series", MetricType::kGauge, "Series that the target's last exchange gave."},
    {"tocsin_target_failures_total", MetricType::kCounter,
     "Exchanges with the target that failed, by reason."},
    {"tocsin_target_dropped_series_total", MetricType::kCounter,
     "Series of the target left out: too many, a label too long, or a type that clashes."},
}};

/// Asks one target once, on a connection of its own, and waits on the caller's thread until it has
/// answered or `spec.timeout`, which must be set, is over: then with what it writes when it is
/// down. For handlers of HTTP requests. Errors: kTimeout, when the loop is that late.
Result<Ref<const Snapshot>> AskOnce(Network& network, TargetSpec spec, WallTime now);

class TargetPool {
 public:
  /// `network` outlives the pool.
  TargetPool(Network& network, TargetPoolOptions options);
  /// Does not wait: the targets end on the loop.
  ~TargetPool();
  TargetPool(const TargetPool&) = delete;
  TargetPool& operator=(const TargetPool&) = delete;

  /// Replaces the set. Targets that are in both keep their connections and results. Any thread, but
  /// one at a time with Collect().
  void SetTargets(std::vector<TargetSpec> targets);

  /// Starts every target that is idle, waits for the quick ones (NetworkOptions::grace), then adds
  /// what each target's last exchange gave and kTargetFamilies. Fails never because of a target.
  Status Collect(const RoundContext& round, FamilySink& out);

 private:
  struct Core;
  void Publish(FamilySink& out);
  void AddTargetFamilies(FamilySink& out) const;

  Network& network_;
  const TargetPoolOptions options_;
  std::shared_ptr<Core> core_;
  bool used_ = false;  // a target was started
};

}  // namespace tocsin::net
