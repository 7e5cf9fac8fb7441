#include "agent/api/silence_json.h"

#include <simdjson.h>

#include <algorithm>
#include <string>

#include "base/time_text.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kMaxDepth = 16;

using simdjson::dom::element;
using simdjson::dom::object;

Error Malformed(std::string_view what) { return Error{Errc::kMalformed, std::string(what)}; }

/// The text under `key`; `missing` is what an absent or null one reads as.
Result<std::string> Text(const object& parent, std::string_view key,
                         std::optional<std::string> missing = std::nullopt) {
  element value;
  std::string_view text;
  if (parent[key].get(value) != simdjson::SUCCESS || value.is_null()) {
    if (missing) return *missing;
    return Malformed(std::string(key) + " in body is required");
  }
  if (value.get(text) != simdjson::SUCCESS) return Malformed(std::string(key) + " is no string");
  return std::string(text);
}

Result<bool> Flag(const object& parent, std::string_view key, std::optional<bool> missing) {
  element value;
  bool flag = false;
  if (parent[key].get(value) != simdjson::SUCCESS || value.is_null()) {
    if (missing) return *missing;
    return Malformed("matchers." + std::string(key) + " in body is required");
  }
  if (value.get(flag) != simdjson::SUCCESS) return Malformed(std::string(key) + " is no boolean");
  return flag;
}

Result<WallTime> Time(const object& parent, std::string_view key) {
  TRY_ASSIGN(const std::string text, Text(parent, key));
  const auto time = ParseRfc3339(text);
  if (!time) return Error{Errc::kInvalid, std::string(key) + " is no RFC 3339 time: " + text};
  return *time;
}

Result<Matcher> ReadMatcher(const object& json) {
  TRY_ASSIGN(std::string name, Text(json, "name"));
  TRY_ASSIGN(std::string value, Text(json, "value"));
  TRY_ASSIGN(const bool is_regex, Flag(json, "isRegex", std::nullopt));
  TRY_ASSIGN(const bool is_equal, Flag(json, "isEqual", true));
  if (name.empty()) return Error{Errc::kInvalid, "a matcher needs a name"};
  const MatchOp op = is_equal ? (is_regex ? MatchOp::kRegex : MatchOp::kEqual)
                              : (is_regex ? MatchOp::kNotRegex : MatchOp::kNotEqual);
  return Matcher::Make(op, std::move(name), std::move(value));
}

}  // namespace

void WriteSilence(const notify::Silence& silence, WallTime now, JsonWriter& json) {
  json.BeginObject().Key("id").String(silence.id);
  json.Key("status").BeginObject().Key("state");
  json.String(notify::SilenceStateText(silence.StateAt(now))).EndObject();
  json.Key("updatedAt").String(Rfc3339Millis(silence.updated_at));
  json.Key("comment").String(silence.comment).Key("createdBy").String(silence.created_by);
  json.Key("endsAt").String(Rfc3339Millis(silence.ends_at));
  json.Key("matchers").BeginArray();
  for (const Matcher& matcher : silence.matchers) {
    const bool is_equal = matcher.op() == MatchOp::kEqual || matcher.op() == MatchOp::kRegex;
    const bool is_regex = matcher.op() == MatchOp::kRegex || matcher.op() == MatchOp::kNotRegex;
    json.BeginObject().Key("isEqual").Bool(is_equal).Key("isRegex").Bool(is_regex);
    json.Key("name").String(matcher.name()).Key("value").String(matcher.value()).EndObject();
  }
  json.EndArray().Key("startsAt").String(Rfc3339Millis(silence.starts_at)).EndObject();
}

Result<notify::Silence> ReadSilence(std::string_view json) {
  // simdjson calls every body too large for a parser that is made for less than this.
  const std::size_t capacity = std::max(json.size(), std::size_t{64});
  simdjson::dom::parser parser(capacity);
  if (parser.allocate(capacity, kMaxDepth) != simdjson::SUCCESS) {
    return Malformed("the body is too large");
  }
  element root;
  object top;
  if (const auto error = parser.parse(json.data(), json.size()).get(root); error) {
    return Malformed(std::string("parsing silence body failed: ") + simdjson::error_message(error));
  }
  if (root.get(top) != simdjson::SUCCESS) return Malformed("the body is no JSON object");
  notify::Silence silence;
  TRY_ASSIGN(silence.id, Text(top, "id", ""));
  TRY_ASSIGN(silence.starts_at, Time(top, "startsAt"));
  TRY_ASSIGN(silence.ends_at, Time(top, "endsAt"));
  TRY_ASSIGN(silence.created_by, Text(top, "createdBy"));
  TRY_ASSIGN(silence.comment, Text(top, "comment"));
  simdjson::dom::array matchers;
  if (top["matchers"].get(matchers) != simdjson::SUCCESS) {
    return Malformed("matchers in body is required");
  }
  for (const element one : matchers) {
    object object_of_one;
    if (one.get(object_of_one) != simdjson::SUCCESS) return Malformed("a matcher is no object");
    TRY_ASSIGN(Matcher matcher, ReadMatcher(object_of_one));
    silence.matchers.push_back(std::move(matcher));
  }
  return silence;
}

}  // namespace tocsin::api
