#include "metrics/matcher.h"

#include "base/utf8.h"
#include "metrics/anchored_regex.h"

namespace tocsin {

std::string_view MatchOpText(MatchOp op) {
  switch (op) {
    case MatchOp::kEqual:
      return "=";
    case MatchOp::kNotEqual:
      return "!=";
    case MatchOp::kRegex:
      return "=~";
    case MatchOp::kNotRegex:
      return "!~";
  }
  return "";
}

Matcher::Matcher(MatchOp op, std::string name, std::string value)
    : op_(op), name_(std::move(name)), value_(std::move(value)), dot_(DotNewline::kYes) {}

Result<Matcher> Matcher::Make(MatchOp op, std::string name, std::string value) {
  Matcher matcher(op, std::move(name), std::move(value));
  if (op == MatchOp::kRegex || op == MatchOp::kNotRegex) {
    TRY_ASSIGN(matcher.regex_, AnchoredRegex::Make(matcher.value_));
  }
  return matcher;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  return {MatchOp::kEqual, std::move(name), std::move(value)};
}

Matcher Matcher::WithoutDotNewline() const {
  Matcher plain = *this;
  plain.dot_ = DotNewline::kNo;
  return plain;
}

bool Matcher::Matches(std::string_view value) const {
  switch (op_) {
    case MatchOp::kEqual:
      return value == value_;
    case MatchOp::kNotEqual:
      return value != value_;
    case MatchOp::kRegex:
      return regex_->Matches(value, dot_);
    case MatchOp::kNotRegex:
      return !regex_->Matches(value, dot_);
  }
  return false;
}

std::string Matcher::ToString() const {
  std::string out = name_;
  out += MatchOpText(op_);
  AppendJsonString(value_, out);
  return out;
}

}  // namespace tocsin
