#pragma once
// The order and the constant text of a page made from the layouts of several collectors. Built
// when some collector's layout changed; a round then only formats numbers.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ref.h"
#include "metrics/snapshot.h"

namespace tocsin::exposition {

/// How a family appears in OpenMetrics, which demands suffixes that text 0.0.4 leaves free.
struct OpenMetricsFace {
  MetricType type;
  std::uint32_t name_bytes;  // of the family's name: a counter's is without _total
};

struct MergedFamily {
  const Family* family;  // in one of the layouts
  OpenMetricsFace open_metrics;
  std::uint32_t first_line;
};

/// One sample. Its text before the value ends where the next line's begins.
struct MergedLine {
  std::uint32_t prefix_at;
  std::uint32_t value;     // index into the values of the source's snapshot
  std::uint16_t source;    // index into the layouts
  bool only_open_metrics;  // _created: text 0.0.4 does not know it
};

/// What a page leaves out, because one wrong line makes a scraper refuse all of it.
struct Dropped {
  std::uint32_t families = 0;  // same name as an earlier family, other type; or a bad name
  std::uint32_t series = 0;    // the same series as an earlier one; or a bad label name
  std::string first;           // the first of them, in words; empty if none
  friend bool operator==(const Dropped&, const Dropped&) = default;
};

/// Immutable once built. Families are sorted by name, series as client_golang's registry sorts
/// them: by label values, buckets and quantiles by number, with their label printed last. Of
/// families of one name and type from several layouts the first one's help is shown.
class MergedLayout {
 public:
  MergedLayout() = default;
  /// At most 65,535 layouts; a null one has no series.
  explicit MergedLayout(std::vector<Ref<const Layout>> layouts);

  /// Whether it was built from these very layouts.
  bool IsOf(std::span<const Ref<const Layout>> layouts) const;

  std::span<const MergedFamily> families() const { return families_; }
  std::span<const MergedLine> lines(std::size_t family) const {
    const std::size_t end =
        family + 1 < families_.size() ? families_[family + 1].first_line : lines_.size() - 1;
    return std::span(lines_).subspan(families_[family].first_line,
                                     end - families_[family].first_line);
  }
  /// `line` is one of lines().
  std::string_view Prefix(const MergedLine& line) const {
    return std::string_view(prefixes_).substr(line.prefix_at,
                                              (&line)[1].prefix_at - line.prefix_at);
  }
  std::size_t line_count() const { return lines_.empty() ? 0 : lines_.size() - 1; }
  std::size_t prefix_bytes() const { return prefixes_.size(); }
  const Dropped& dropped() const { return dropped_; }

 private:
  friend class LayoutMerger;

  std::vector<Ref<const Layout>> layouts_;
  std::vector<MergedFamily> families_;
  std::vector<MergedLine> lines_;  // and one more, where the last prefix ends
  std::string prefixes_;
  Dropped dropped_;
};

}  // namespace tocsin::exposition
