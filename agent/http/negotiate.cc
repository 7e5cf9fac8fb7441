#include "agent/http/negotiate.h"

#include <algorithm>
#include <optional>

#include "base/parse.h"

namespace tocsin::http {
namespace {

/// Takes the next element off a list, minding quoted strings.
std::string_view TakeElement(std::string_view& list, char separator) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < list.size() && (quoted || list[i] != separator); ++i) {
    if (list[i] == '"') quoted = !quoted;
    if (quoted && list[i] == '\\' && i + 1 < list.size()) ++i;
  }
  const std::string_view element = list.substr(0, i);
  list.remove_prefix(std::min(i + 1, list.size()));
  return Trim(element);
}

struct Choice {
  std::string_view name;
  std::string_view version;
  double quality = 1;
};

Choice ParseChoice(std::string_view element) {
  Choice choice;
  choice.name = TakeElement(element, ';');
  while (!element.empty()) {
    std::string_view value = TakeElement(element, ';');
    const std::string_view name = TakeElement(value, '=');
    value = Trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (EqualsIgnoringCase(name, "version")) choice.version = value;
    if (EqualsIgnoringCase(name, "q")) {
      const std::optional<double> q = ParseDouble(value);
      choice.quality = q && *q >= 0 && *q <= 1 ? *q : 0;
    }
  }
  return choice;
}

/// Calls `take` for each element of each header of that name.
template <class Take>
void ForEachChoice(const Request& request, std::string_view header, Take take) {
  for (const auto& [name, value] : request.headers) {
    if (name != header) continue;
    std::string_view list = value;
    while (!list.empty()) take(ParseChoice(TakeElement(list, ',')));
  }
}

}  // namespace

exposition::Format NegotiateFormat(const Request& request) {
  exposition::Format best = exposition::Format::kText;
  double best_quality = 0;
  ForEachChoice(request, "accept", [&](const Choice& choice) {
    if (choice.quality <= best_quality) return;
    const auto is = [&](std::string_view type, std::string_view version) {
      return EqualsIgnoringCase(choice.name, type) &&
             (choice.version.empty() || choice.version == version);
    };
    if (is("application/openmetrics-text", "1.0.0")) {
      best = exposition::Format::kOpenMetrics;
    } else if (is("text/plain", "0.0.4")) {
      best = exposition::Format::kText;
    } else {
      return;
    }
    best_quality = choice.quality;
  });
  return best;
}

bool AcceptsGzip(const Request& request) {
  std::optional<bool> gzip;
  bool any = false;
  ForEachChoice(request, "accept-encoding", [&](const Choice& choice) {
    const bool acceptable = choice.quality > 0;
    if (EqualsIgnoringCase(choice.name, "gzip") || EqualsIgnoringCase(choice.name, "x-gzip")) {
      gzip = acceptable;
    }
    if (choice.name == "*") any = acceptable;
  });
  return gzip.value_or(any);
}

}  // namespace tocsin::http
