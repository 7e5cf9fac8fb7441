#pragma once
// An exposition written by somebody else, as series of ours.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "collectors/plugin/relabel.h"
#include "collectors/seen_set.h"
#include "metrics/exposition/parse.h"
#include "metrics/writer.h"

namespace tocsin::plugin {

struct ForeignOptions {
  /// What a source may write; more is kLimit.
  std::size_t max_bytes = std::size_t{4} << 20;
  std::size_t max_samples = 20'000;
  /// Labels that every series gets. One that a series has itself is kept as exported_NAME, or, with
  /// kTheirs, wins (Prometheus's honor_labels).
  std::vector<std::pair<std::string, std::string>> labels;
  enum class Honor { kOurs, kTheirs } honor = Honor::kOurs;
  RelabelRules relabel;
};

struct ForeignCounts {
  std::size_t scraped = 0;     // samples read
  std::size_t kept = 0;        // of them, after relabelling
  std::size_t added = 0;       // of those kept, series that were not there the time before
  std::size_t duplicates = 0;  // of those kept, left out: the series stood before
};

/// One source. Timestamps are ignored: a value is of the round in which it was read. One thread at
/// a time.
class ForeignSeries {
 public:
  explicit ForeignSeries(ForeignOptions options);

  /// Reads `text` and adds its series to `out`, or none of them. Errors: kMalformed or kLimit, as
  /// "line:column: what".
  Result<ForeignCounts> Add(std::string_view text, exposition::Format format, FamilySink& out);
  /// Adds once more what the last successful Add() read from `text`, which must still be there.
  void AddAgain(FamilySink& out);

 private:
  bool Relabel(const FamilySpec& family, Suffix suffix);
  void JoinLabels(std::span<const LabelView> own);
  std::string_view ExportedName(std::string_view name);
  bool IsFirst();

  const ForeignOptions options_;
  exposition::Document document_;
  SeenSet before_;
  SeenSet now_;
  std::map<std::string, std::string, std::less<>> exported_;
  // Of the sample at hand:
  std::string name_;
  std::string identity_;
  std::vector<LabelView> labels_;
};

}  // namespace tocsin::plugin
