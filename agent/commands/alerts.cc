#include "agent/commands/alerts.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "agent/commands/agent_json.h"
#include "agent/commands/fail.h"
#include "agent/commands/matcher_arguments.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"

namespace tocsin {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

struct Shown {
  std::string state;
  std::string since;
  Labels labels;
  std::string value;
  std::string summary;
  std::vector<std::string> notes;  // silenced, inhibited, acknowledged by
};

/// Whether the alert of the rules is this one of the notifications, which has external labels too.
bool IsPartOf(const Labels& alert, const Labels& sent) {
  for (const LabelView label : alert) {
    if (sent.Get(label.name) != label.value) return false;
  }
  return true;
}

/// What becomes of alerts, by fingerprint: "silenced", "acknowledged by me".
Result<std::map<std::string, std::vector<std::string>>> AcknowledgementsByAlert(
    const std::string& base) {
  std::map<std::string, std::vector<std::string>> notes;
  simdjson::dom::parser parser;
  TRY_ASSIGN(const element root, AskAgent(parser, "GET", base + "/api/v1/acknowledgements"));
  array groups;
  if (root["data"].get(groups) != simdjson::SUCCESS) return notes;
  for (const element group : groups) {
    element acknowledged;
    array alerts;
    if (group["acknowledged"].get(acknowledged) != simdjson::SUCCESS || acknowledged.is_null() ||
        group["alerts"].get(alerts) != simdjson::SUCCESS) {
      continue;
    }
    const std::string by = TextOf(acknowledged, "by");
    for (const element alert : alerts) {
      notes[TextOf(alert, "fingerprint")].push_back("acknowledged" +
                                                    (by.empty() ? "" : " by " + by));
    }
  }
  return notes;
}

Status AddNotes(const std::string& base, std::vector<Shown>& shown) {
  TRY_ASSIGN(const auto acknowledged, AcknowledgementsByAlert(base));
  simdjson::dom::parser parser;
  TRY_ASSIGN(const element root, AskAgent(parser, "GET", base + "/api/v2/alerts"));
  array alerts;
  if (root.get(alerts) != simdjson::SUCCESS) return Unit{};
  for (const element alert : alerts) {
    const Labels sent = LabelsOf(alert, "labels");
    std::vector<std::string> notes;
    for (const char* key : {"silencedBy", "inhibitedBy"}) {
      array by;
      if (alert["status"][key].get(by) == simdjson::SUCCESS && by.size() > 0) {
        notes.emplace_back(std::string(key) == "silencedBy" ? "silenced" : "inhibited");
      }
    }
    if (const auto found = acknowledged.find(TextOf(alert, "fingerprint"));
        found != acknowledged.end()) {
      notes.insert(notes.end(), found->second.begin(), found->second.end());
    }
    for (Shown& one : shown) {
      if (IsPartOf(one.labels, sent)) one.notes = notes;
    }
  }
  return Unit{};
}

Result<std::vector<Shown>> ReadAlerts(const AlertArguments& arguments, const std::string& base) {
  TRY_ASSIGN(const notify::Matchers matchers, ReadMatcherArguments(arguments.matchers));
  simdjson::dom::parser parser;
  TRY_ASSIGN(const element root, AskAgent(parser, "GET", base + "/api/v1/alerts"));
  array alerts;
  std::vector<Shown> shown;
  if (root["data"]["alerts"].get(alerts) != simdjson::SUCCESS) return shown;
  for (const element alert : alerts) {
    Shown one;
    one.labels = LabelsOf(alert, "labels");
    if (!notify::AllMatch(matchers, one.labels)) continue;
    one.state = TextOf(alert, "state");
    one.since = TextOf(alert, "activeAt");
    one.value = TextOf(alert, "value");
    one.summary = LabelsOf(alert, "annotations").Get("summary");
    shown.push_back(std::move(one));
  }
  std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
    return a.state != b.state ? a.state < b.state : a.since < b.since;  // firing, then pending
  });
  return shown;
}

/// "3h12m" of two units at most.
std::string Ago(const std::string& since, WallTime now) {
  const auto time = ParseRfc3339(since);
  if (!time || *time > now) return "0s";
  milliseconds age = std::chrono::floor<seconds>(now - *time);
  if (age >= std::chrono::minutes(1)) age = std::chrono::floor<std::chrono::minutes>(age);
  if (age >= std::chrono::hours(24)) age = std::chrono::floor<std::chrono::hours>(age);
  return FormatDuration(age);
}

void Print(const std::vector<Shown>& shown) {
  const WallTime now = SystemClock().Wall();
  std::size_t firing = 0;
  for (const Shown& one : shown) {
    if (one.state == "firing") ++firing;
    std::string notes;
    for (const std::string& note : one.notes) notes += " [" + note + "]";
    const std::string severity(one.labels.Get("severity"));
    LabelsBuilder rest(one.labels);
    rest.Del("alertname").Del("severity");
    std::printf("%-8s %-8s %s%s%s%s\n", one.state.c_str(), Ago(one.since, now).c_str(),
                std::string(one.labels.Get("alertname")).c_str(),
                severity.empty() ? "" : (" " + severity).c_str(),
                (" " + rest.Build().ToString()).c_str(), notes.c_str());
    if (!one.summary.empty()) std::printf("                  %s\n", one.summary.c_str());
  }
  std::printf("%zu firing, %zu pending\n", firing, shown.size() - firing);
}

void PrintJson(const std::vector<Shown>& shown) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const Shown& one : shown) {
    json.BeginObject().Key("state").String(one.state).Key("since").String(one.since);
    json.Key("labels");
    WriteLabels(one.labels, json);
    json.Key("value").String(one.value).Key("summary").String(one.summary);
    json.Key("notes").BeginArray();
    for (const std::string& note : one.notes) json.String(note);
    json.EndArray().EndObject();
  }
  json.EndArray();
  std::printf("%s\n", text.c_str());
}

}  // namespace

std::string BaseUrl(const AlertArguments& arguments) {
  std::string base = arguments.url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

std::string AuthorOf(const AlertArguments& arguments) {
  if (!arguments.by.empty()) return arguments.by;
  const passwd* user = ::getpwuid(::getuid());
  return user ? user->pw_name : std::to_string(::getuid());
}

Result<notify::Matchers> ReadMatcherArguments(const std::vector<std::string>& arguments) {
  notify::Matchers matchers;
  for (const std::string& text : arguments) {
    if (text.find_first_of("=~{") == std::string::npos) {
      TRY_ASSIGN(Matcher matcher, Matcher::Make(MatchOp::kEqual, "alertname", text));
      matchers.push_back(std::move(matcher));
      continue;
    }
    auto more = notify::ParseMatchers(text);
    if (!more) return std::move(more).error().Under(text);
    matchers.insert(matchers.end(), more->begin(), more->end());
  }
  return matchers;
}

int ListAlerts(const AlertArguments& arguments) {
  const std::string base = BaseUrl(arguments);
  auto shown = ReadAlerts(arguments, base);
  if (!shown) return Fail(shown.error());
  if (const Status added = AddNotes(base, *shown); !added) return Fail(added.error());
  if (arguments.json) {
    PrintJson(*shown);
  } else {
    Print(*shown);
  }
  return 0;
}

int AcknowledgeAlerts(const AlertArguments& arguments) {
  if (arguments.matchers.empty() && !arguments.group) {
    std::fprintf(stderr, "say which: the name of an alert, matchers, or --group\n");
    return 2;
  }
  const auto matchers = ReadMatcherArguments(arguments.matchers);
  if (!matchers) return Fail(matchers.error());
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("by").String(AuthorOf(arguments));
  json.Key("comment").String(arguments.comment);
  if (arguments.group) json.Key("group").String(*arguments.group);
  if (arguments.undo) json.Key("undo").Bool(true);
  json.Key("matchers").BeginArray();
  for (const Matcher& matcher : *matchers) json.String(notify::MatchersText({matcher}));
  json.EndArray().EndObject();
  simdjson::dom::parser parser;
  const auto root = AskAgent(parser, "POST", BaseUrl(arguments) + "/api/v1/acknowledgements", body);
  if (!root) return Fail(root.error());
  array groups;
  if ((*root)["data"].get(groups) != simdjson::SUCCESS) return 1;
  for (const element group : groups) {
    std::printf("%s %s for %s\n", arguments.undo ? "no longer acknowledged" : "acknowledged",
                TextOf(group, "group").c_str(), TextOf(group, "receiver").c_str());
  }
  return 0;
}

}  // namespace tocsin
