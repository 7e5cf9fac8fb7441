#pragma once
// The parts of a line that both formats have: names, label sets, numbers. Internal to the parser.

#include <optional>
#include <string>
#include <vector>

#include "metrics/exposition/parse.h"
#include "metrics/exposition/scanner.h"

namespace tocsin::exposition {

/// One sample line being read. Views point into the line or into `scratch`.
struct SampleLine {
  std::string_view name;
  std::vector<LabelView> labels;
  std::vector<LabelView> exemplar_labels;
  std::string scratch;  // unescaped texts; never grows beyond what StartLine reserved

  /// Unescaping never makes text longer, so that the views into `scratch` stay valid.
  void StartLine(std::size_t line_bytes) {
    name = {};
    labels.clear();
    exemplar_labels.clear();
    scratch.clear();
    if (scratch.capacity() < line_bytes) scratch.reserve(line_bytes);
  }
};

class SampleReader {
 public:
  explicit SampleReader(const ParseOptions& options) : options_(options) {}

  /// A quoted string at the opening quote; escapes \\ \" \n. `strict`: any other escape is an
  /// error; otherwise it stands for itself.
  enum class Escapes { kStrict, kLoose };
  Result<std::string_view> ReadQuoted(Scanner& in, Escapes escapes, std::string& scratch) const;

  /// A metric name, bare or (the newer formats) quoted, as metadata lines have it.
  Result<std::string_view> ReadMetricName(Scanner& in, std::string& scratch) const;

  /// "name{a="b"}" with the spacing of the format.
  Status ReadSeries(Scanner& in, SampleLine& sample) const;
  /// The braces of an exemplar.
  Status ReadExemplarLabels(Scanner& in, SampleLine& sample) const;

  /// The float that is the next run without blanks. `what` names it in errors.
  Result<double> ReadNumber(Scanner& in, std::string_view what) const;

 private:
  bool text() const { return options_.format == Format::kText; }
  Status ReadLabels(Scanner& in, SampleLine& sample, std::vector<LabelView>& labels) const;
  Status ReadLabel(Scanner& in, SampleLine& sample, std::vector<LabelView>& labels) const;
  Status CheckName(const Scanner& in, std::size_t at, std::string_view name, bool valid,
                   std::string_view kind) const;

  const ParseOptions& options_;
};

}  // namespace tocsin::exposition
