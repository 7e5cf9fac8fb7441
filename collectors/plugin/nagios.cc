#include "collectors/plugin/nagios.h"

#include <array>
#include <optional>
#include <string>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/seen_set.h"

namespace tocsin::plugin {
namespace {

constexpr FamilySpec kStatus{"nagios_status", MetricType::kGauge,
                             "Exit status of a Nagios plugin: 0 ok, 1 warning, 2 critical, 3 "
                             "unknown."};
constexpr FamilySpec kPerfdata{"nagios_perfdata", MetricType::kUnknown,
                               "A value of a Nagios plugin's performance data, in base units."};
constexpr int kUnknownStatus = 3;
constexpr std::size_t kMaxValues = 1'000;

struct UnitOfMeasure {
  std::string_view suffix;
  std::string_view name;
  double factor;
};
constexpr std::array<UnitOfMeasure, 12> kUnits{{{"s", "seconds", 1},
                                                {"ms", "seconds", 1e-3},
                                                {"us", "seconds", 1e-6},
                                                {"ns", "seconds", 1e-9},
                                                {"%", "ratio", 0.01},
                                                {"B", "bytes", 1},
                                                {"KB", "bytes", 1024},
                                                {"MB", "bytes", 1024.0 * 1024},
                                                {"GB", "bytes", 1024.0 * 1024 * 1024},
                                                {"TB", "bytes", 1024.0 * 1024 * 1024 * 1024},
                                                {"c", "counter", 1},
                                                {"", "", 1}}};

struct Value {
  std::string label;
  std::string_view unit;
  double value;
};

/// The label at the front of `text`, in quotes ('' is one within) or plain, and the = after it.
std::optional<std::string> TakeLabel(std::string_view& text) {
  std::string label;
  if (!text.starts_with('\'')) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    label = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    return label;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      label += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      label += text[i++];
    } else {
      text.remove_prefix(i + 1);
      if (!text.starts_with('=')) return std::nullopt;
      text.remove_prefix(1);
      return label;
    }
  }
  return std::nullopt;
}

/// value[UOM];warn;crit;min;max — what follows the value is not told.
std::optional<Value> ParseValue(std::string label, std::string_view text) {
  text = text.substr(0, text.find(';'));
  const auto digits = std::min(text.find_first_not_of("0123456789+-.,eE"), text.size());
  for (const UnitOfMeasure& unit : kUnits) {
    if (text.substr(digits) != unit.suffix) continue;
    std::string number(text.substr(0, digits));
    for (char& c : number) c = c == ',' ? '.' : c;  // plugins run in other locales
    const auto value = ParseDouble(number);
    if (!value) return std::nullopt;
    return Value{std::move(label), unit.name, *value * unit.factor};
  }
  return std::nullopt;
}

/// Takes the next value off the front; nothing at the end, and what is no value is skipped.
std::optional<Value> TakeValue(std::string_view& text) {
  while (true) {
    text = Trim(text);
    if (text.empty()) return std::nullopt;
    auto label = TakeLabel(text);
    const std::string_view field = TakeField(text);
    if (!label) continue;
    if (auto value = ParseValue(*std::move(label), field)) return value;
  }
}

}  // namespace

Status AddNagios(std::string_view output, int exit_status, std::string_view check,
                 FamilySink& out) {
  if (exit_status > kUnknownStatus) {
    return Error{Errc::kMalformed, "exit status " + std::to_string(exit_status) +
                                       " is none of a Nagios plugin's (0 to 3)"};
  }
  out.Add(kStatus, {{"check", check}}, exit_status);
  SeenSet seen;
  std::size_t count = 0;
  // Performance data follows a | on the first line, and a | on a later one up to the end.
  const std::string_view first = TakeLine(output);
  for (std::string_view part : {first, output}) {
    const auto bar = part.find('|');
    if (bar == std::string_view::npos) continue;
    part.remove_prefix(bar + 1);
    while (auto value = TakeValue(part)) {
      if (++count > kMaxValues) return Error{Errc::kLimit, "more than 1000 performance values"};
      const std::string label = ToValidUtf8(value->label);
      if (!seen.Insert(label)) continue;
      out.Add(kPerfdata, {{"check", check}, {"label", label}, {"unit", value->unit}}, value->value);
    }
  }
  return Unit{};
}

}  // namespace tocsin::plugin
