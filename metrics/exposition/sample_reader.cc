#include "metrics/exposition/sample_reader.h"

#include <algorithm>
#include <cmath>

#include "base/parse.h"
#include "base/utf8.h"
#include "metrics/names.h"

namespace tocsin::exposition {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  AppendValidUtf8(text.substr(0, 64), out);
  return out + (text.size() > 64 ? "…\"" : "\"");
}

}  // namespace

Result<std::string_view> SampleReader::ReadQuoted(Scanner& in, Escapes escapes,
                                                  std::string& scratch) const {
  const std::size_t opening = in.at();
  if (!in.Eat('"')) return in.Fail("expected '\"', found " + in.Found());
  const std::string_view plain = in.TakeUntil("\"\\");
  const auto unterminated = [&] { return in.FailAt(opening, "this quoted text has no end"); };
  if (in.AtEnd()) return unterminated();
  std::string_view value = plain;
  if (!in.Sees('"')) {
    const std::size_t start = scratch.size();
    scratch += plain;
    while (!in.Eat('"')) {
      const std::size_t backslash = in.at();
      if (!in.Eat('\\') || in.AtEnd()) return unterminated();
      if (in.Eat('n')) {
        scratch += '\n';
      } else if (in.Eat('"')) {
        scratch += '"';
      } else if (in.Eat('\\')) {
        scratch += '\\';
      } else if (escapes == Escapes::kStrict) {
        return in.FailAt(backslash, "unknown escape: only \\\\, \\\" and \\n are known here");
      } else {
        scratch += '\\';
      }
      scratch += in.TakeUntil("\"\\");
      if (in.AtEnd()) return unterminated();
    }
    value = std::string_view(scratch).substr(start);
  } else {
    in.Eat('"');
  }
  if (!IsValidUtf8(value)) return in.FailAt(opening, "this text is not valid UTF-8");
  return value;
}

Status SampleReader::CheckName(const Scanner& in, std::size_t at, std::string_view name, bool valid,
                               std::string_view kind) const {
  if (valid || (options_.utf8_names && !name.empty())) return Unit{};
  return in.FailAt(at, "bad " + std::string(kind) + ' ' + Quoted(name) +
                           ": expected letters, digits and underscores, no digit first");
}

Result<std::string_view> SampleReader::ReadMetricName(Scanner& in, std::string& scratch) const {
  const std::size_t at = in.at();
  if (in.Sees('"')) {
    TRY_ASSIGN(const std::string_view name, ReadQuoted(in, Escapes::kStrict, scratch));
    TRY(CheckName(in, at, name, IsMetricName(name), "metric name"));
    return name;
  }
  const std::string_view name = in.TakeMetricName();
  if (name.empty()) return in.Fail("expected a metric name, found " + in.Found());
  return name;
}

Status SampleReader::ReadSeries(Scanner& in, SampleLine& sample) const {
  const std::size_t start = in.at();
  if (!in.Sees('{')) {
    sample.name = in.TakeMetricName();
    if (sample.name.empty()) return in.Fail("expected a metric name, found " + in.Found());
    if (text()) in.SkipBlanks();
  }
  if (in.Sees('{')) TRY(ReadLabels(in, sample, sample.labels));
  if (sample.name.empty()) {
    return in.FailAt(start, "this sample has no metric name: expected name{…} or {\"name\",…}");
  }
  return Unit{};
}

Status SampleReader::ReadExemplarLabels(Scanner& in, SampleLine& sample) const {
  if (!in.Sees('{')) return in.Fail("expected '{' of the exemplar's labels, found " + in.Found());
  // An exemplar has no name: a quoted one would be taken for it.
  const std::string_view name = sample.name;
  TRY(ReadLabels(in, sample, sample.exemplar_labels));
  if (sample.name.data() != name.data()) return in.Fail("an exemplar cannot have a metric name");
  return Unit{};
}

Status SampleReader::ReadLabels(Scanner& in, SampleLine& sample,
                                std::vector<LabelView>& labels) const {
  in.Eat('{');
  const bool blanks = text();
  for (bool first = true;; first = false) {
    if (blanks) in.SkipBlanks();
    if ((first || blanks) && in.Eat('}')) break;
    TRY(ReadLabel(in, sample, labels));
    if (blanks) in.SkipBlanks();
    if (in.Eat('}')) break;
    if (!in.Eat(',')) return in.Fail("expected ',' or '}' after a label, found " + in.Found());
  }
  // Few labels: comparing each pair costs less than sorting.
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (labels[i].name == labels[k].name) {
        return in.Fail("the label " + Quoted(labels[i].name) + " stands twice");
      }
    }
  }
  return Unit{};
}

Status SampleReader::ReadLabel(Scanner& in, SampleLine& sample,
                               std::vector<LabelView>& labels) const {
  const std::size_t at = in.at();
  std::string_view name;
  if (in.Sees('"')) {
    TRY_ASSIGN(name, ReadQuoted(in, Escapes::kStrict, sample.scratch));
    if (text()) in.SkipBlanks();
    if (!in.Sees('=')) {
      TRY(CheckName(in, at, name, IsMetricName(name), "metric name"));
      if (!sample.name.empty())
        return in.FailAt(at, "a second metric name, or a label without value");
      sample.name = name;
      return Unit{};
    }
    TRY(CheckName(in, at, name, IsLabelName(name), "label name"));
  } else {
    name = in.TakeLabelName();
    if (name.empty()) return in.Fail("expected a label name, found " + in.Found());
    if (text()) in.SkipBlanks();
  }
  if (name == kMetricName) return in.FailAt(at, "the label name __name__ is reserved");
  if (!in.Eat('=')) return in.Fail("expected '=' after the label name, found " + in.Found());
  if (text()) in.SkipBlanks();
  const Escapes escapes = text() ? Escapes::kStrict : Escapes::kLoose;
  TRY_ASSIGN(const std::string_view value, ReadQuoted(in, escapes, sample.scratch));
  if (labels.size() == options_.budget.labels) {
    return in.FailAt(at, "more than " + std::to_string(options_.budget.labels) + " labels",
                     Errc::kLimit);
  }
  labels.push_back({name, value});
  return Unit{};
}

Result<double> SampleReader::ReadNumber(Scanner& in, std::string_view what) const {
  const std::size_t at = in.at();
  const std::string_view word = in.TakeUntil(text() ? " \t" : " ");
  if (word.empty()) {
    return in.FailAt(at, "expected a " + std::string(what) + ", found " + in.Found());
  }
  // What from_chars reads besides: "nan(…)", a signed NaN.
  const bool plain = word.find('(') == std::string_view::npos;
  const std::optional<double> value = plain ? ParseDouble(word) : std::nullopt;
  if (!value || (std::isnan(*value) && word.size() != 3)) {
    return in.FailAt(at, "bad " + std::string(what) + ' ' + Quoted(word) +
                             ": expected a decimal number, +Inf, -Inf or NaN");
  }
  if (std::isinf(*value) && word.find_first_of("iI") == std::string_view::npos) {
    return in.FailAt(at, "the " + std::string(what) + ' ' + Quoted(word) + " is out of range");
  }
  return *value;
}

}  // namespace tocsin::exposition
