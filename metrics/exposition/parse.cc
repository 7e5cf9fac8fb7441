#include "metrics/exposition/parse.h"

#include <cmath>
#include <utility>

#include "base/parse.h"
#include "base/utf8.h"
#include "metrics/exposition/reader.h"

namespace tocsin::exposition {
namespace {

std::string TypeList(Format format) {
  std::string out;
  for (const std::string_view word : FamilyTable::TypeWords(format)) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

}  // namespace

Status Reader::Run(std::string_view input) {
  input_ = input;
  const bool text = options_.format == Format::kText;
  const auto fail = [&](int line, std::size_t column, std::string_view what, Errc code) {
    return ErrorAt(options_.source, line, column, what, code);
  };
  if (input.size() > options_.budget.bytes) {
    return fail(1, 1, "larger than " + std::to_string(options_.budget.bytes) + " bytes",
                Errc::kLimit);
  }
  int line_number = 0;
  std::string_view rest = input;
  while (!rest.empty()) {
    const bool complete = rest.find('\n') != std::string_view::npos;
    const std::string_view line = TakeLine(rest);
    ++line_number;
    if (line.size() > options_.budget.line_bytes) {
      return fail(line_number, 1,
                  "a line longer than " + std::to_string(options_.budget.line_bytes) + " bytes",
                  Errc::kLimit);
    }
    Scanner in(options_.source, line, line_number);
    TRY(text ? TextLine(in) : OpenMetricsLine(in));
    if (text && !complete) {
      return fail(line_number, line.size() + 1,
                  "the last line does not end in a newline: is this half a page?",
                  Errc::kMalformed);
    }
  }
  if (text) return Unit{};
  if (!ended_) {
    return fail(line_number + 1, 1, "the input ends without \"# EOF\": is this half a page?",
                Errc::kMalformed);
  }
  return Unit{};
}

std::string_view Reader::Keep(std::string_view text) {
  return IsPartOf(text, input_) ? text : table_.Keep(text);
}

Result<std::uint32_t> Reader::DeclareFamily(const Scanner& in, std::size_t at,
                                            std::string_view name) {
  const std::uint32_t family = table_.Declare(Keep(name));
  if (table_.size() > options_.budget.families) {
    return in.FailAt(at, "more than " + std::to_string(options_.budget.families) + " families",
                     Errc::kLimit);
  }
  return family;
}

Status Reader::SetHelp(const Scanner& in, std::size_t at, std::uint32_t family,
                       std::string_view escaped) {
  if (std::exchange(table_.state(family).has_help, true)) {
    return in.FailAt(at, "a second HELP for this metric");
  }
  if (!IsValidUtf8(escaped)) return in.FailAt(at, "this help is not valid UTF-8");
  if (escaped.find('\\') == std::string_view::npos) {
    table_.family(family).help = escaped;
    return Unit{};
  }
  const bool text = options_.format == Format::kText;
  std::string help;
  help.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const char next = escaped[i] == '\\' && i + 1 < escaped.size() ? escaped[i + 1] : '\0';
    if (escaped[i] != '\\') {
      help += escaped[i];
    } else if (next == 'n' || next == '\\' || (next == '"' && !text)) {
      help += next == 'n' ? '\n' : next;
      ++i;
    } else if (text) {
      return in.FailAt(at + i, "unknown escape: only \\\\ and \\n are known in HELP");
    } else {
      help += '\\';
    }
  }
  table_.family(family).help = table_.Keep(help);
  return Unit{};
}

Status Reader::SetType(const Scanner& in, std::size_t at, std::uint32_t family,
                       std::string_view word) {
  if (!FamilyTable::IsType(options_.format, word)) {
    std::string what = "bad metric type \"" + ToValidUtf8(word.substr(0, 64)) + "\": expected " +
                       TypeList(options_.format);
    if (const auto near =
            NearestWord(word.substr(0, 64), FamilyTable::TypeWords(options_.format))) {
      what += "; did you mean " + std::string(*near) + "?";
    }
    return in.FailAt(at, what);
  }
  const FamilyTable::State& state = table_.state(family);
  if (state.has_type) return in.FailAt(at, "a second TYPE for this metric");
  if (state.has_samples) return in.FailAt(at, "TYPE must stand before the metric's samples");
  table_.SetType(family, word);
  return Unit{};
}

Result<FamilyTable::Match> Reader::ResolveSample(const Scanner& in) {
  const std::string_view name = Keep(line_.name);
  const FamilyTable::Match match = table_.Resolve(name);
  if (table_.size() > options_.budget.families) {
    return in.FailAt(0, "more than " + std::to_string(options_.budget.families) + " families",
                     Errc::kLimit);
  }
  if (++sample_count_ > options_.budget.samples) {
    return in.FailAt(0, "more than " + std::to_string(options_.budget.samples) + " samples",
                     Errc::kLimit);
  }
  table_.state(match.family).has_samples = true;
  return match;
}

Status Reader::CheckBounds(const Scanner& in, const FamilyTable::Match& match) const {
  const MetricType type = table_.family(match.family).type;
  const bool bucket = match.suffix == Suffix::kBucket;
  const bool quantile = type == MetricType::kSummary && match.suffix == Suffix::kNone;
  if (type == MetricType::kHistogram && match.suffix == Suffix::kNone) {
    return in.FailAt(0, "samples of a histogram must have the suffix _bucket, _count or _sum");
  }
  if (!bucket && !quantile) return Unit{};
  const std::string_view name = bucket ? "le" : "quantile";
  for (const LabelView& label : line_.labels) {
    if (label.name != name) continue;
    const std::optional<double> bound = ParseDouble(label.value);
    if (bound && !std::isnan(*bound)) return Unit{};
    return in.FailAt(0, "the label " + std::string(name) + " of a " + std::string(TypeText(type)) +
                            " must be a number");
  }
  return in.FailAt(0, bucket ? "a histogram's bucket without the label le"
                             : "a summary's quantile without the label quantile");
}

Status Reader::Emit(const Scanner& in, const FamilyTable::Match& match, ParsedSample& sample) {
  sample.family = match.family;
  sample.suffix = match.suffix;
  sample.labels = line_.labels;
  sample.line = in.line_number();
  return visitor_.OnSample(table_.family(match.family), sample);
}

Status Parse(std::string_view input, const ParseOptions& options, ParseVisitor& visitor) {
  std::vector<ParsedFamily> families;
  std::deque<std::string> texts;
  return Reader(options, families, texts, visitor).Run(input);
}

}  // namespace tocsin::exposition
