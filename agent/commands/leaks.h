#pragma once
// `tocsin leaks`: what leaks now, asked of the agent; or what did in a history.

#include <optional>
#include <string>

#include "base/result.h"

namespace tocsin {

struct LeakArguments {
  std::string url = "http://127.0.0.1:9909";
  bool all = false;
  std::optional<std::string> file;
  std::optional<std::string> csv;
  std::optional<std::string> jsonl;
  std::string sensitivity = "medium";
  // Of a history.
  std::optional<std::string> series;
  std::optional<std::string> limit;
  std::optional<std::string> falls_to;
  std::optional<std::string> work;
  std::optional<std::string> restart;
  std::string step = "15s";
};

int FindLeaks(const LeakArguments& arguments);

/// What /api/v1/leaks answers, for a terminal. Errors: kMalformed.
Result<std::string> ShowLeaks(const std::string& answer);

}  // namespace tocsin
