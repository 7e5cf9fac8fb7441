#pragma once
// What a collector writes its round to.

#include <initializer_list>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "metrics/family.h"
#include "metrics/label_set.h"
#include "metrics/labels.h"
#include "metrics/snapshot.h"

namespace tocsin {

/// A classic histogram. `cumulative[i]` counts observations ≤ bounds[i]; the +Inf bucket is
/// `count` and is not part of the spans.
struct HistogramValue {
  std::span<const double> bounds;
  std::span<const double> cumulative;
  double sum;
  double count;
};

struct SummaryValue {
  std::span<const double> quantiles;
  std::span<const double> values;
  double sum;
  double count;
};

/// Takes the values of one round in the order in which they are added. Give the labels of a series
/// in the same order each round, and series in the same order where you can: a series at the same
/// place as last round is recognised without hashing or allocation. Views need to live only during
/// the call. One thread at a time.
class FamilySink {
 public:
  virtual ~FamilySink() = default;

  void Add(const FamilySpec& family, std::initializer_list<LabelView> labels, double value) {
    AddSample(family, Suffix::kNone, {labels.begin(), labels.size()}, value);
  }
  void Add(const FamilySpec& family, std::span<const LabelView> labels, double value) {
    AddSample(family, Suffix::kNone, labels, value);
  }
  void AddHistogram(const FamilySpec& family, std::span<const LabelView> labels,
                    const HistogramValue& histogram);
  void AddSummary(const FamilySpec& family, std::span<const LabelView> labels,
                  const SummaryValue& summary);

  /// The primitive the others are made of: for `le` and `quantile` the caller gives the label.
  virtual void AddSample(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels,
                         double value) = 0;
};

/// Builds the snapshots of one collector, round after round. Owned by whoever runs the collector;
/// one thread at a time. A steady round allocates nothing: its layout is the last one's, and
/// snapshots nobody reads any more are used again.
class RoundWriter final : public FamilySink {
 public:
  /// Starts a round; whatever was added since the last Finish is forgotten.
  void Begin(WallTime at);

  void AddSample(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels,
                 double value) override;

  /// The snapshot of everything added since Begin. Errors: kMalformed, when a series stands twice
  /// or one family was given two types; then nothing of the round counts.
  Result<Ref<const Snapshot>> Finish();

 private:
  bool IsLast(std::size_t i, const FamilySpec& family, Suffix suffix,
              std::span<const LabelView> labels) const;
  void StartNewLayout();
  void AddToNewLayout(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels);
  const Labels& KeptLabels(std::span<const LabelView> labels);
  std::uint32_t FamilyIndex(const FamilySpec& family);
  Ref<Snapshot> FreeSnapshot();

  Ref<const Layout> last_;  // of the last finished round
  Ref<Layout> next_;        // set once this round has left last_
  std::unordered_map<std::string, std::uint32_t> family_index_;  // of next_
  std::size_t expected_ = 0;  // the series of last_ that may come next
  bool missed_ = false;       // the one before was not of last_
  LabelSet known_labels_;     // of last_ and next_, once they are needed
  Ref<Snapshot> current_;
  std::vector<Ref<Snapshot>> pool_;
  std::string conflict_;  // what makes this round malformed, empty if nothing
};

}  // namespace tocsin
