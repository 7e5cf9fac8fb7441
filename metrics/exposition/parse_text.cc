// Text format 0.0.4, with quoted names of 1.0.0.

#include "base/parse.h"
#include "metrics/exposition/reader.h"

namespace tocsin::exposition {

Status Reader::TextLine(Scanner& in) {
  in.SkipBlanks();
  if (in.AtEnd()) return Unit{};
  return in.Eat('#') ? TextComment(in) : TextSample(in);
}

Status Reader::TextComment(Scanner& in) {
  in.SkipBlanks();
  const std::string_view keyword = in.TakeUntil(" \t");
  if (keyword != "HELP" && keyword != "TYPE") return Unit{};
  in.SkipBlanks();
  if (in.AtEnd()) return Unit{};  // as much a comment as any other
  line_.StartLine(in.line().size());
  const std::size_t name_at = in.at();
  TRY_ASSIGN(const std::string_view name, samples_.ReadMetricName(in, line_.scratch));
  if (!in.AtEnd() && !in.Sees(' ') && !in.Sees('\t')) {
    return in.Fail("expected a blank after the metric name, found " + in.Found());
  }
  TRY_ASSIGN(const std::uint32_t family, DeclareFamily(in, name_at, name));
  in.SkipBlanks();
  if (keyword == "HELP") return SetHelp(in, in.at(), family, in.Rest());
  const std::size_t type_at = in.at();
  const std::string_view word = in.TakeUntil(" \t");
  TRY(SetType(in, type_at, family, word));
  in.SkipBlanks();
  if (!in.AtEnd()) return in.Fail("expected the end of the line, found " + in.Found());
  return Unit{};
}

Status Reader::TextSample(Scanner& in) {
  line_.StartLine(in.line().size());
  TRY(samples_.ReadSeries(in, line_));
  in.SkipBlanks();
  ParsedSample sample;
  TRY_ASSIGN(sample.value, samples_.ReadNumber(in, "value"));
  in.SkipBlanks();
  if (!in.AtEnd()) {
    const std::size_t at = in.at();
    const std::string_view word = in.TakeUntil(" \t");
    const bool plus = word.size() > 1 && word[0] == '+' && word[1] != '-';
    sample.timestamp_ms = ParseInt<std::int64_t>(word.substr(plus ? 1 : 0));
    if (!sample.timestamp_ms) {
      return in.FailAt(at, "bad timestamp: expected a whole number of milliseconds");
    }
    in.SkipBlanks();
    if (!in.AtEnd()) return in.Fail("expected the end of the line, found " + in.Found());
  }
  TRY_ASSIGN(const FamilyTable::Match match, ResolveSample(in));
  TRY(CheckBounds(in, match));
  return Emit(in, match, sample);
}

}  // namespace tocsin::exposition
