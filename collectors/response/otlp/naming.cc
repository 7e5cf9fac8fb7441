#include "collectors/response/otlp/naming.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "base/parse.h"

namespace tocsin::otlp {
namespace {

struct Unit {
  std::string_view from;
  std::string_view to;
};
constexpr Unit kUnits[] = {
    {"d", "days"},
    {"h", "hours"},
    {"min", "minutes"},
    {"s", "seconds"},
    {"ms", "milliseconds"},
    {"us", "microseconds"},
    {"ns", "nanoseconds"},
    {"By", "bytes"},
    {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},
    {"TiBy", "tibibytes"},
    {"KBy", "kilobytes"},
    {"MBy", "megabytes"},
    {"GBy", "gigabytes"},
    {"TBy", "terabytes"},
    {"m", "meters"},
    {"V", "volts"},
    {"A", "amperes"},
    {"J", "joules"},
    {"W", "watts"},
    {"g", "grams"},
    {"Cel", "celsius"},
    {"Hz", "hertz"},
    {"1", ""},
    {"%", "percent"},
};
constexpr Unit kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
                              {"w", "week"},   {"mo", "month"}, {"y", "year"}};

template <std::size_t N>
std::string_view Translate(const Unit (&units)[N], std::string_view unit) {
  const auto found = std::find_if(std::begin(units), std::end(units),
                                  [&](const Unit& known) { return known.from == unit; });
  return found == std::end(units) ? unit : found->to;
}

bool IsWord(char c) { return IsAsciiAlphanumeric(c) || c == ':'; }

/// What stands between characters that no metric may have, and underscores.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : text) {
    if (!IsWord(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back() += c;
  }
  return words;
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : "_") + word;
  return out;
}

bool IsAnnotation(std::string_view unit) { return unit.find_first_of("{}") != unit.npos; }

void AppendOnce(std::vector<std::string>& words, std::string word) {
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return;
  words.push_back(std::move(word));
}

void MoveToEnd(std::vector<std::string>& words, const std::string& word) {
  std::erase(words, word);
  words.push_back(word);
}

}  // namespace

std::string MetricName(const Metric& metric) {
  std::vector<std::string> words = Words(metric.name);
  if (words.empty()) return {};
  const std::string_view unit = metric.unit;
  const std::size_t slash = unit.find('/');
  const std::string_view main = Trim(unit.substr(0, slash));
  if (!IsAnnotation(main)) AppendOnce(words, Join(Words(Translate(kUnits, main))));
  if (slash != std::string_view::npos) {
    const std::string_view per = Trim(unit.substr(slash + 1));
    if (!per.empty() && !IsAnnotation(per)) {
      AppendOnce(words, "per_" + Join(Words(Translate(kPerUnits, per))));
    }
  }
  if (metric.type == DataType::kSum && metric.monotonic) MoveToEnd(words, "total");
  if (metric.type == DataType::kGauge && unit == "1") MoveToEnd(words, "ratio");
  std::string name = Join(words);
  return IsAsciiDigit(name.front()) ? "_" + name : name;
}

std::string LabelName(std::string_view attribute) {
  std::string name;
  for (const char c : attribute) {
    // One underscore for a character, however many bytes it has.
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    name += IsAsciiAlphanumeric(c) ? c : '_';
  }
  if (name.empty()) return name;
  if (IsAsciiDigit(name.front())) return "key_" + name;
  if (name.front() == '_' && !name.starts_with("__")) return "key" + name;
  return name;
}

}  // namespace tocsin::otlp
