#pragma once
// The state of one parse, and what both formats do with a finished line. Internal to the parser.

#include "metrics/exposition/family_table.h"
#include "metrics/exposition/sample_reader.h"

namespace tocsin::exposition {

class Reader {
 public:
  Reader(const ParseOptions& options, std::vector<ParsedFamily>& families,
         std::deque<std::string>& texts, ParseVisitor& visitor)
      : options_(options),
        visitor_(visitor),
        table_(options.format, families, texts),
        samples_(options) {}

  Status Run(std::string_view input);

 private:
  // parse_text.cc
  Status TextLine(Scanner& in);
  Status TextComment(Scanner& in);
  Status TextSample(Scanner& in);
  // parse_openmetrics.cc
  Status OpenMetricsLine(Scanner& in);
  Status OpenMetricsMetadata(Scanner& in);
  Status OpenMetricsSample(Scanner& in);
  Status ReadExemplar(Scanner& in, const FamilyTable::Match& match, ParsedSample& sample);

  /// HELP, TYPE and UNIT of either format; `at` is where the name or text stands.
  Result<std::uint32_t> DeclareFamily(const Scanner& in, std::size_t at, std::string_view name);
  Status SetHelp(const Scanner& in, std::size_t at, std::uint32_t family, std::string_view escaped);
  Status SetType(const Scanner& in, std::size_t at, std::uint32_t family, std::string_view word);
  Result<FamilyTable::Match> ResolveSample(const Scanner& in);
  Status CheckBounds(const Scanner& in, const FamilyTable::Match& match) const;
  Status Emit(const Scanner& in, const FamilyTable::Match& match, ParsedSample& sample);
  /// A view that lives as long as the parse: the text itself where it is part of the input.
  std::string_view Keep(std::string_view text);

  const ParseOptions& options_;
  ParseVisitor& visitor_;
  FamilyTable table_;
  SampleReader samples_;
  SampleLine line_;
  std::string_view input_;
  std::size_t sample_count_ = 0;
  bool ended_ = false;  // OpenMetrics: "# EOF" was seen
};

}  // namespace tocsin::exposition
