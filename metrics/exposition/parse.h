#pragma once
// Reading expositions of others: textfile, plugins, files given to queries, tests.
//
// Input is hostile: work is linear in it, memory is bounded by the budget, nothing recurses.
// What is accepted is what Prometheus and its client libraries agree on; where they differ, text
// 0.0.4 follows prometheus/common (a page cut in the middle of a line is refused) and OpenMetrics
// follows the specification, except that a counter may be declared by its full name `x_total`, and
// samples of one family may stand apart, as promtool accepts in files to be backfilled.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metrics/exposition/format.h"
#include "metrics/family.h"
#include "metrics/labels.h"

namespace tocsin::exposition {

/// What one exposition may cost at most; exceeding it is kLimit.
struct ParseBudget {
  std::size_t bytes = std::size_t{256} << 20;
  std::size_t line_bytes = std::size_t{1} << 20;
  std::size_t samples = 4'000'000;
  std::size_t families = 100'000;
  std::size_t labels = 128;  // of one sample
};

struct ParseOptions {
  Format format = Format::kText;
  /// Whether quoted names may hold any UTF-8 (text 1.0.0, OpenMetrics 2.0, and 1.0.0 with
  /// escaping=allow-utf-8). Otherwise names are as PromQL spells them, quoted or not.
  bool utf8_names = false;
  /// What errors call the input ("/x/y.prom"); may be empty.
  std::string_view source = {};
  ParseBudget budget = {};
};

/// A metric family. `name` is the full one of text 0.0.4: an OpenMetrics counter declared as `a`
/// is "a_total" here, an info "a_info". Types that Tocsin has no use for (gaugehistogram) are
/// kUnknown and each of their sample names is a family of its own.
struct ParsedFamily {
  std::string_view name;
  MetricType type = MetricType::kUnknown;
  std::string_view help;
  std::string_view unit;
};

struct ParsedExemplar {
  std::span<const LabelView> labels;
  double value = 0;
  std::optional<double> timestamp_seconds;
};

/// AppendSampleName tells the name of a sample from its family and suffix.
struct ParsedSample {
  std::uint32_t family = 0;  // index, in the order of appearance
  Suffix suffix = Suffix::kNone;
  std::span<const LabelView> labels;  // in the input's order, without a metric name
  double value = 0;
  std::optional<std::int64_t> timestamp_ms;
  std::optional<ParsedExemplar> exemplar;
  int line = 0;
};

/// Receives an exposition piece by piece.
class ParseVisitor {
 public:
  virtual ~ParseVisitor() = default;
  /// What is known of the family when its sample comes (text 0.0.4 may give HELP later). Views in
  /// `family` live until Parse returns; those in `sample` only during the call. An error ends the
  /// parse and is what Parse returns.
  virtual Status OnSample(const ParsedFamily& family, const ParsedSample& sample) = 0;
};

/// Reads all of `input`. Errors: kMalformed or kLimit as "source:line:column: what was found, what
/// was meant" (columns count bytes from 1). Duplicate samples are not noticed: see Document.
Status Parse(std::string_view input, const ParseOptions& options, ParseVisitor& visitor);

/// A whole exposition, exemplars left out. Kept between parses it reuses its memory. Views point
/// into the input, which must outlive them, or into the document.
class Document {
 public:
  /// Replaces the contents. Errors besides Parse's: kMalformed when a series stands twice with the
  /// same timestamp. After an error the document is empty.
  Status Parse(std::string_view input, const ParseOptions& options);

  std::span<const ParsedFamily> families() const { return families_; }
  std::span<const ParsedSample> samples() const { return samples_; }
  /// The family of a sample, as a collector hands it to a FamilySink.
  FamilySpec Spec(const ParsedSample& sample) const {
    const ParsedFamily& f = families_[sample.family];
    return {f.name, f.type, f.help, f.unit};
  }

 private:
  class Collect;
  void Clear();
  Status CheckUnique(std::string_view source);

  std::vector<ParsedFamily> families_;
  std::vector<ParsedSample> samples_;
  std::vector<LabelView> labels_;                      // of all samples
  std::vector<std::size_t> label_at_;                  // samples_.size() + 1 offsets into labels_
  std::vector<std::pair<std::uint64_t, int>> hashes_;  // of each sample, with its line
  std::deque<std::string> texts_;                      // what is not verbatim in the input
};

}  // namespace tocsin::exposition
