#include "metrics/exposition/scanner.h"

#include <algorithm>
#include <functional>

#include "base/ascii.h"
#include "base/hex.h"

namespace tocsin::exposition {

bool IsPartOf(std::string_view text, std::string_view whole) {
  const std::less_equal<const char*> le;  // unlike <=, defined for unrelated pointers
  return le(whole.data(), text.data()) &&
         le(text.data() + text.size(), whole.data() + whole.size());
}

std::string_view Scanner::TakeMetricName() {
  if (AtEnd() || IsAsciiDigit(line_[at_])) return {};
  const std::size_t start = at_;
  while (!AtEnd() && (IsWordChar(line_[at_]) || line_[at_] == ':')) ++at_;
  return line_.substr(start, at_ - start);
}

std::string_view Scanner::TakeLabelName() {
  if (AtEnd() || IsAsciiDigit(line_[at_])) return {};
  const std::size_t start = at_;
  while (!AtEnd() && IsWordChar(line_[at_])) ++at_;
  return line_.substr(start, at_ - start);
}

Error Scanner::FailAt(std::size_t at, std::string_view what, Errc code) const {
  return ErrorAt(source_, line_number_, at + 1, what, code);
}

std::string Scanner::Found() const {
  if (AtEnd()) return "the end of the line";
  const auto c = static_cast<unsigned char>(line_[at_]);
  if (c == '\r') return "a carriage return (lines end in a bare newline)";
  if (c >= 0x20 && c < 0x7F) return {'\'', line_[at_], '\''};
  std::string found = "byte 0x";
  AppendHex(c, found);
  return found;
}

Error ErrorAt(std::string_view source, int line, std::size_t column, std::string_view what,
              Errc code) {
  std::string message;
  if (!source.empty()) message.append(source) += ':';
  message += std::to_string(line) + ':' + std::to_string(column) + ": ";
  message += what;
  return {code, std::move(message)};
}

}  // namespace tocsin::exposition
