#pragma once
// The series that one leak: or exhaustion: rule follows, a detector each, across restarts of what
// they measure and of the agent.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/labels.h"
#include "rules/leak_finding.h"
#include "rules/leak_inputs.h"
#include "rules/leak_record.h"
#include "rules/leak_spec.h"
#include "rules/promql/engine.h"
#include "rules/trend/detector.h"

namespace tocsin {

/// One thread at a time.
class LeakTracker {
 public:
  /// `time_scale`: how many seconds pass for the detectors in one of the clock; 1 but for tests.
  LeakTracker(std::string rule, std::shared_ptr<const LeakSpec> spec, double time_scale);
  ~LeakTracker();
  LeakTracker(LeakTracker&&) noexcept;

  /// Gives every series its reading at `now`. Errors: kLimit when there are more series than
  /// kMaxSeries; those that are followed already get theirs all the same.
  Status Update(const LeakInputs& inputs, WallTime now);
  static constexpr std::size_t kMaxSeries = 20'000;
  /// A series that is not seen for so long is forgotten; sooner if it was not there for long
  /// itself: where processes come and go by the thousand, what they leave must not add up.
  static constexpr milliseconds kForgetAfter = std::chrono::hours(2);
  static constexpr milliseconds kForgetSoonest = std::chrono::minutes(15);
  /// A leak is put back after so long a time without the agent.
  static constexpr milliseconds kRememberLeaks = std::chrono::hours(7 * 24);

  /// Seconds until exhaustion of every series of the last Update, +Inf where it is not in sight:
  /// what thresholds are compared with.
  std::vector<promql::VectorSample> TimesLeft(WallTime now) const;

  /// The confirmed series whose beside values are to be read anew, and the putting of them.
  struct BesideWanted {
    Labels series;
    WallTime since;
  };
  std::vector<BesideWanted> TakeBesideWanted(WallTime now);
  void PutBeside(const Labels& series, std::vector<BesideReading> readings);

  /// What is known of a series; nothing if it is not followed.
  std::optional<LeakFinding> Find(const Labels& series, WallTime now) const;
  /// Of all followed series, in no order.
  std::vector<LeakFinding> FindAll(WallTime now) const;
  std::size_t size() const { return followed_; }
  /// Of the detectors and what belongs to them.
  std::size_t HeapBytes() const;
  /// Grows when a leak was found or has ended, a restart among the reasons.
  std::uint64_t changes() const { return changes_; }

  /// Takes over what the same rule followed before a reload.
  void TakeFrom(LeakTracker& old);

  /// All that must survive a restart; rule names are left for the caller.
  void Export(std::vector<LeakRecord>& records) const;
  /// False: the record cannot be read, or is from a time that is not yet.
  bool Restore(const LeakRecord& record, WallTime now);

  const LeakSpec& spec() const { return *spec_; }

 private:
  struct Series;
  /// Of siblings, the one that has been there longest of those that hold what they have.
  struct Settled {
    std::int64_t life = 0;  // seconds
    float floor = 0;
  };
  using SettledSiblings = std::unordered_map<std::string, Settled>;

  Series* Follow(const Labels& labels);
  std::string SiblingKey(const Labels& labels) const;
  SettledSiblings FindSettled() const;
  float SettledOf(const Series& series, const Labels& labels,
                  const SettledSiblings& siblings) const;
  void Read(Series& series, const promql::VectorSample& sample, const LeakInputs& inputs,
            const SettledSiblings& siblings, WallTime now);
  void NoteRestart(Series& series, double restart, WallTime now);
  double LimitOf(Series& series, const LeakInputs& inputs, const Labels& labels) const;
  LeakFinding Describe(const Labels& labels, const Series& series, WallTime now) const;
  milliseconds Left(const trend::Leak& leak, double eta, WallTime now) const;
  std::int64_t DetectorSeconds(WallTime at) const;
  WallTime RealTime(std::int64_t detector_seconds, WallTime now) const;

  std::string rule_;
  std::shared_ptr<const LeakSpec> spec_;
  double time_scale_;
  std::uint32_t round_ = 0;
  std::size_t followed_ = 0;
  std::uint64_t changes_ = 0;
  /// Null: excluded.
  std::unordered_map<Labels, std::unique_ptr<Series>, LabelsHash> series_;
};

}  // namespace tocsin
