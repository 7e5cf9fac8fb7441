#include "agent/commands/leaks.h"

#include <simdjson.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "agent/commands/fail.h"
#include "agent/commands/http_get.h"
#include "agent/commands/leaks_history.h"
#include "agent/commands/leaks_jsonl.h"
#include "base/file.h"

namespace tocsin {
namespace {

namespace json = simdjson::dom;

constexpr std::size_t kMaxHistoryBytes = std::size_t{4} << 30;

Status JudgeFile(const std::string& path, const trend::DetectorOptions& options) {
  if (path == "-") return JudgeSeriesFile(std::cin, std::cout, options);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::kIo, path + ": cannot be opened"};
  Status judged = JudgeSeriesFile(file, std::cout, options);
  return judged ? std::move(judged) : Status(std::move(judged).error().Under(path));
}

Result<std::string> Find(const LeakArguments& arguments) {
  if (arguments.jsonl) {
    std::ios::sync_with_stdio(false);
    TRY(JudgeFile(
        *arguments.jsonl,
        trend::DetectorOptions::Preset(
            trend::SensitivityNamed(arguments.sensitivity).value_or(trend::Sensitivity::kMedium))));
    std::cout.flush();
    return std::string();
  }
  if (arguments.file || arguments.csv) {
    const std::string& path = arguments.file ? *arguments.file : *arguments.csv;
    TRY_ASSIGN(const std::string text, ReadWholeFile(path, kMaxHistoryBytes));
    return FindLeaksIn(text, path, arguments);
  }
  std::string base = arguments.url;
  while (base.ends_with('/')) base.pop_back();
  TRY_ASSIGN(const std::string answer,
             HttpFetch(base + "/api/v1/leaks" + (arguments.all ? "?all=true" : "")));
  return ShowLeaks(answer);
}

std::string Text(const json::object& from, std::string_view key) {
  std::string_view text;
  return from[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

/// `name{a="1"}` of a labels object.
std::string SeriesOf(const json::object& leak) {
  json::object labels;
  if (leak["labels"].get(labels) != simdjson::SUCCESS) return {};
  std::string name;
  std::string rest;
  for (const auto field : labels) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) continue;
    if (field.key == "__name__") {
      name = value;
    } else {
      rest.append(rest.empty() ? "" : ", ").append(field.key).append("=\"").append(value) += '"';
    }
  }
  return name + "{" + rest + "}";
}

}  // namespace

Result<std::string> ShowLeaks(const std::string& answer) {
  json::parser parser;
  json::object root;
  json::object data;
  json::array leaks;
  if (parser.parse(answer).get(root) != simdjson::SUCCESS ||
      root["data"].get(data) != simdjson::SUCCESS ||
      data["leaks"].get(leaks) != simdjson::SUCCESS) {
    return Error{Errc::kMalformed, "the answer is not that of a Tocsin agent's /api/v1/leaks"};
  }
  std::int64_t followed = 0;
  if (data["followed"].get(followed) != simdjson::SUCCESS) followed = 0;
  std::string text;
  for (const json::element item : leaks) {
    json::object leak;
    if (item.get(leak) != simdjson::SUCCESS) continue;
    const std::string state = Text(leak, "state");
    text += state + ": " + Text(leak, "rule") + " ";
    if (state != "confirmed") {
      text += SeriesOf(leak) + "\n";
      continue;
    }
    text += Text(leak, "summary") + "\n";
    bool present = true;
    if (leak["present"].get(present) == simdjson::SUCCESS && !present) {
      text += "  It was not there at the last look: ended, or not collected any more.\n";
    }
    const std::string description = Text(leak, "description");
    for (std::size_t at = 0; at < description.size();) {
      const std::size_t end = std::min(description.find('\n', at), description.size());
      text.append("  ").append(description, at, end - at) += '\n';
      at = end + 1;
    }
  }
  if (text.empty()) text = "nothing is suspected\n";
  return text + std::to_string(followed) + " series are followed\n";
}

int FindLeaks(const LeakArguments& arguments) {
  const Result<std::string> found = Find(arguments);
  if (!found) return Fail(found.error());
  std::fwrite(found->data(), 1, found->size(), stdout);
  return 0;
}

}  // namespace tocsin
