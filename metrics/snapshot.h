#pragma once
// The immutable result of one round of one collector: a layout (which series, in which order) that
// is shared by all rounds in which it did not change, and one value a series.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ref.h"
#include "metrics/family.h"
#include "metrics/labels.h"

namespace tocsin {

/// FamilySpec with its own strings.
struct Family {
  std::string name;
  MetricType type;
  std::string help;
  std::string unit;
};

/// One series of a layout. `labels` hold no metric name, but `le` of buckets and `quantile` of
/// summaries. AppendSampleName tells the name of its samples.
struct SeriesMeta {
  std::uint32_t family;  // index into Layout::families
  Suffix suffix;
  Labels labels;
};

/// Immutable once published. No family name stands twice, no (family, suffix, labels) twice.
class Layout final : public RefCounted<Layout> {
 public:
  std::vector<Family> families;
  std::vector<SeriesMeta> series;

  /// The labels of series `i` with its __name__, as the store and PromQL name it; labels with
  /// empty values are left out.
  Labels FullLabels(std::size_t i) const;
};

/// Immutable once published.
class Snapshot final : public RefCounted<Snapshot> {
 public:
  Ref<const Layout> layout;
  std::vector<double> values;  // values[i] belongs to layout->series[i]
  WallTime at{};               // when the round began
};

}  // namespace tocsin
