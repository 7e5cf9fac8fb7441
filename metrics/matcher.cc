#include "metrics/matcher.h"

#include <re2/re2.h>

#include "base/utf8.h"

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

Result<Matcher> Matcher::Make(MatchOp op, std::string name, std::string value) {
  Matcher matcher(op, std::move(name), std::move(value));
  if (op == MatchOp::kRegex || op == MatchOp::kNotRegex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(1 << 20);
    matcher.regex_ = std::make_shared<const re2::RE2>(matcher.value_, options);
    if (!matcher.regex_->ok()) {
      return Error{Errc::kInvalid,
                   "bad regular expression \"" + matcher.value_ + "\": " + matcher.regex_->error()};
    }
  }
  return matcher;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  return {MatchOp::kEqual, std::move(name), std::move(value)};
}

bool Matcher::Matches(std::string_view value) const {
  switch (op_) {
    case MatchOp::kEqual:
      return value == value_;
    case MatchOp::kNotEqual:
      return value != value_;
    case MatchOp::kRegex:
      return re2::RE2::FullMatch(value, *regex_);
    case MatchOp::kNotRegex:
      return !re2::RE2::FullMatch(value, *regex_);
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
