#include "collectors/response/access_fields.h"

#include <algorithm>
#include <iterator>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

LineProblem SetStatus(std::string_view text, AccessRecord& record) {
  const auto digit = [&](std::size_t i) { return text[i] - '0'; };
  if (text.size() != 3 || digit(0) < 1 || digit(0) > 5) return LineProblem::kStatus;
  if (digit(1) < 0 || digit(1) > 9 || digit(2) < 0 || digit(2) > 9) return LineProblem::kStatus;
  record.status = digit(0) * 100 + digit(1) * 10 + digit(2);
  return LineProblem::kNone;
}

std::optional<double> ParseTime(std::string_view text) {
  if (const auto plain = ParsePlainDecimal(text)) return plain;
  const auto value = ParseDouble(text);
  return value && std::isfinite(*value) && *value >= 0 ? value : std::nullopt;
}

LineProblem SetTime(std::string_view text, double unit, AccessRecord& record) {
  if (const auto one = ParseTime(text)) {
    record.seconds = *one * unit;
    return LineProblem::kNone;
  }
  double sum = 0;
  bool any = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",:"), text.size());
    const std::string_view part = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty() || part == "-") continue;
    const auto value = ParseTime(part);
    if (!value) return LineProblem::kTime;
    sum += *value;
    any = true;
  }
  if (any) record.seconds = sum * unit;
  return LineProblem::kNone;
}

/// What a client that speaks no HTTP sent has no method and no path.
void SetRequest(std::string_view text, AccessRecord& record) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return;
  record.method = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  const std::size_t version = text.rfind(' ');
  if (version != std::string_view::npos && text.substr(version + 1).starts_with("HTTP/")) {
    text = text.substr(0, version);
  }
  record.path = PathOfTarget(text);
}

struct Named {
  std::string_view name;
  AccessField field;
};
constexpr Named kNames[] = {
    {"request", AccessField::kRequest},
    {"method", AccessField::kMethod},
    {"path", AccessField::kTarget},
    {"url", AccessField::kTarget},
    {"status", AccessField::kStatus},
    {"bytes", AccessField::kBytes},
    {"seconds", AccessField::kSeconds},
    {"milliseconds", AccessField::kMilliseconds},
    {"microseconds", AccessField::kMicroseconds},
    {"nanoseconds", AccessField::kNanoseconds},
};

}  // namespace

std::optional<AccessField> AccessFieldNamed(std::string_view name) {
  const auto found = std::find_if(std::begin(kNames), std::end(kNames),
                                  [&](const Named& named) { return named.name == name; });
  return found == std::end(kNames) ? std::nullopt : std::optional(found->field);
}

std::optional<double> ParsePlainDecimal(std::string_view text) {
  constexpr std::size_t kMaxDigits = 15;  // exact in a double
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  std::uint64_t number = 0;
  std::size_t point = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    } else if (c == '.' && point == text.size() && text.size() > 1) {
      point = i;
    } else {
      return std::nullopt;
    }
  }
  if (point == text.size()) return static_cast<double>(number);
  return static_cast<double>(number) / kPowersOfTen[text.size() - point - 1];
}

std::string_view PathOfTarget(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme != std::string_view::npos && scheme < target.find('/')) {
      const std::size_t path = target.find('/', scheme + 3);
      target = path == std::string_view::npos ? "/" : target.substr(path);
    }
  }
  return target.substr(0, target.find_first_of("?#"));
}

LineProblem SetAccessField(AccessField field, std::string_view text, AccessRecord& record) {
  switch (field) {
    case AccessField::kSkip:
      break;
    case AccessField::kRequest:
      SetRequest(text, record);
      break;
    case AccessField::kMethod:
      record.method = text;
      break;
    case AccessField::kTarget:
      record.path = PathOfTarget(text);
      break;
    case AccessField::kStatus:
      return SetStatus(text, record);
    case AccessField::kBytes:
      if (const auto bytes = ParseInt<std::uint64_t>(text)) record.bytes = *bytes;
      break;
    case AccessField::kSeconds:
    case AccessField::kMilliseconds:
    case AccessField::kMicroseconds:
    case AccessField::kNanoseconds:
      return SetTime(text, SecondsOf(field), record);
  }
  return LineProblem::kNone;
}

LineProblem SetAccessNumber(AccessField field, double number, AccessRecord& record) {
  constexpr double kMostBytes = 1e18;
  switch (field) {
    case AccessField::kSkip:
    case AccessField::kRequest:
    case AccessField::kMethod:
    case AccessField::kTarget:
      break;
    case AccessField::kStatus:
      if (!(number >= 100 && number < 600) || number != std::floor(number)) {
        return LineProblem::kStatus;
      }
      record.status = static_cast<int>(number);
      break;
    case AccessField::kBytes:
      if (number >= 0 && number < kMostBytes) record.bytes = static_cast<std::uint64_t>(number);
      break;
    case AccessField::kSeconds:
    case AccessField::kMilliseconds:
    case AccessField::kMicroseconds:
    case AccessField::kNanoseconds:
      if (number < 0) return LineProblem::kTime;
      record.seconds = number * SecondsOf(field);
      break;
  }
  return LineProblem::kNone;
}

}  // namespace tocsin
