#pragma once
// What all nodes of one query share: storage, options, budgets, annotations.

#include <vector>

#include "rules/promql/engine.h"
#include "rules/promql/steps.h"

namespace tocsin::promql {

/// One query, one thread.
class QueryContext {
 public:
  /// `start_ms` and `end_ms` are what @ start() and @ end() mean.
  QueryContext(const Queryable& storage, const EngineOptions& options, std::int64_t start_ms,
               std::int64_t end_ms)
      : storage_(storage), options_(options), start_ms_(start_ms), end_ms_(end_ms) {}
  QueryContext(const QueryContext&) = delete;
  QueryContext& operator=(const QueryContext&) = delete;

  const Queryable& storage() const { return storage_; }
  const EngineOptions& options() const { return options_; }
  bool v2() const { return options_.compat == Compat::kV2; }
  std::int64_t start_ms() const { return start_ms_; }
  std::int64_t end_ms() const { return end_ms_; }

  /// Errors: kTimeout, kCancelled. Called once per series and the like.
  Status Poll();

  /// The same after so many samples' worth of work: asks the clock seldom.
  Status PollAfter(std::size_t work);

  /// The same for loops over steps: looks at every 64th.
  Status PollAt(std::size_t step) { return step % 64 == 63 ? Poll() : Status(Unit{}); }

  /// Adds `samples` to those held. Errors: kLimit.
  Status Hold(std::size_t samples);
  void Release(std::size_t samples) { held_ -= samples; }

  void Warn(std::string message, PosRange pos) { Add(warnings_, std::move(message), pos); }
  void Inform(std::string message, PosRange pos) { Add(infos_, std::move(message), pos); }
  std::vector<Annotation> TakeWarnings() { return std::move(warnings_); }
  std::vector<Annotation> TakeInfos() { return std::move(infos_); }

 private:
  void Add(std::vector<Annotation>& list, std::string message, PosRange pos);

  const Queryable& storage_;
  const EngineOptions& options_;
  const std::int64_t start_ms_;
  const std::int64_t end_ms_;
  std::size_t held_ = 0;
  std::size_t work_ = 0;  // since the clock was last asked
  std::vector<Annotation> warnings_;
  std::vector<Annotation> infos_;
};

/// Samples held for as long as it lives.
class Holding {
 public:
  explicit Holding(QueryContext& context) : context_(&context) {}
  Holding(Holding&& other) noexcept
      : context_(other.context_), samples_(std::exchange(other.samples_, 0)) {}
  Holding& operator=(Holding&&) = delete;
  ~Holding() { context_->Release(samples_); }

  Status Add(std::size_t samples) {
    TRY(context_->Hold(samples));
    samples_ += samples;
    return Unit{};
  }

 private:
  QueryContext* context_;
  std::size_t samples_ = 0;
};

}  // namespace tocsin::promql
