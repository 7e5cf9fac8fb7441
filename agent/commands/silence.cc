#include <cstdio>

#include "agent/api/silence_json.h"
#include "agent/commands/agent_json.h"
#include "agent/commands/alerts.h"
#include "agent/commands/fail.h"
#include "agent/commands/http_get.h"
#include "agent/commands/matcher_arguments.h"
#include "base/parse.h"
#include "base/percent.h"
#include "notify/text.h"

namespace tocsin {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

std::string MatcherText(const element& matcher) {
  bool equal = true;
  bool regex = false;
  if (matcher["isEqual"].get(equal) != simdjson::SUCCESS) equal = true;
  if (matcher["isRegex"].get(regex) != simdjson::SUCCESS) regex = false;
  return TextOf(matcher, "name") +
         (equal   ? regex ? "=~" : "="
          : regex ? "!~"
                  : "!=") +
         '"' + TextOf(matcher, "value") + '"';
}

void PrintSilence(const element& silence) {
  std::string matchers;
  array list;
  if (silence["matchers"].get(list) == simdjson::SUCCESS) {
    for (const element matcher : list) matchers += " " + MatcherText(matcher);
  }
  std::string comment = TextOf(silence, "comment");
  std::printf("%s  %-7s  until %s %s  by %s%s\n", TextOf(silence, "id").c_str(),
              TextOf(silence["status"], "state").c_str(), TextOf(silence, "endsAt").c_str(),
              matchers.c_str(), TextOf(silence, "createdBy").c_str(),
              comment.empty() ? "" : (": " + comment).c_str());
}

}  // namespace

int AddSilence(const AlertArguments& arguments) {
  if (arguments.matchers.empty()) {
    std::fprintf(stderr, "say what to silence: the name of an alert, or matchers\n");
    return 2;
  }
  notify::Silence silence;
  auto matchers = ReadMatcherArguments(arguments.matchers);
  if (!matchers) return Fail(matchers.error());
  const auto duration = ParseDuration(arguments.duration);
  if (!duration) return Fail(duration.error());
  const WallTime now = SystemClock().Wall();
  silence.matchers = *std::move(matchers);
  silence.starts_at = now;
  silence.ends_at = now + *duration;
  silence.created_by = AuthorOf(arguments);
  silence.comment = arguments.comment;
  std::string body;
  JsonWriter json(body);
  api::WriteSilence(silence, now, json);
  simdjson::dom::parser parser;
  const auto root = AskAgent(parser, "POST", BaseUrl(arguments) + "/api/v2/silences", body);
  if (!root) return Fail(root.error());
  std::printf("%s\n", TextOf(*root, "silenceID").c_str());
  return 0;
}

int ListSilences(const AlertArguments& arguments) {
  simdjson::dom::parser parser;
  const auto root = AskAgent(parser, "GET", BaseUrl(arguments) + "/api/v2/silences");
  if (!root) return Fail(root.error());
  if (arguments.json) {
    std::printf("%s\n", simdjson::minify(*root).c_str());
    return 0;
  }
  array silences;
  if (root->get(silences) != simdjson::SUCCESS) return 1;
  std::size_t shown = 0;
  for (const element silence : silences) {
    if (!arguments.with_expired && TextOf(silence["status"], "state") == "expired") continue;
    PrintSilence(silence);
    ++shown;
  }
  if (shown == 0) std::printf("nothing is silenced\n");
  return 0;
}

int ExpireSilences(const AlertArguments& arguments) {
  int status = 0;
  for (const std::string& id : arguments.ids) {
    simdjson::dom::parser parser;
    auto root =
        AskAgent(parser, "DELETE", BaseUrl(arguments) + "/api/v2/silence/" + EscapeQuery(id));
    if (!root) status = Fail(std::move(root).error().Under(id));
  }
  return status;
}

}  // namespace tocsin
