#pragma once
// One line of an exposition under a cursor. Internal to the parser.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::exposition {

/// Whether the bytes of `text` are bytes of `whole`.
bool IsPartOf(std::string_view text, std::string_view whole);

class Scanner {
 public:
  Scanner(std::string_view source, std::string_view line, int line_number)
      : source_(source), line_(line), line_number_(line_number) {}

  bool AtEnd() const { return at_ == line_.size(); }
  bool Sees(char c) const { return !AtEnd() && line_[at_] == c; }
  bool Eat(char c) {
    if (!Sees(c)) return false;
    ++at_;
    return true;
  }
  bool Eat(std::string_view text) {
    if (!Rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  void SkipBlanks() {
    while (Sees(' ') || Sees('\t')) ++at_;
  }
  /// Everything up to the first of `stops` or the end.
  std::string_view TakeUntil(std::string_view stops) {
    const std::size_t start = at_;
    at_ = std::min(line_.find_first_of(stops, at_), line_.size());
    return line_.substr(start, at_ - start);
  }
  /// The metric name (with colons) or label name at the cursor; empty when none starts here.
  std::string_view TakeMetricName();
  std::string_view TakeLabelName();

  std::string_view Rest() const { return line_.substr(at_); }
  std::size_t at() const { return at_; }
  std::string_view line() const { return line_; }
  int line_number() const { return line_number_; }

  /// kMalformed at the cursor, or at an earlier place.
  Error Fail(std::string_view what) const { return FailAt(at_, what); }
  Error FailAt(std::size_t at, std::string_view what, Errc code = Errc::kMalformed) const;
  /// What stands at the cursor, for messages: 'x', or "the end of the line".
  std::string Found() const;

 private:
  std::string_view source_;
  std::string_view line_;
  std::size_t at_ = 0;
  int line_number_;
};

/// "source:line:column: what".
Error ErrorAt(std::string_view source, int line, std::size_t column, std::string_view what,
              Errc code);

}  // namespace tocsin::exposition
