#include "agent/api/leaks.h"

#include <algorithm>
#include <string>

#include "agent/api/envelope.h"
#include "agent/http/form.h"
#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"

namespace tocsin::api {
namespace {

std::string_view StateText(trend::LeakState state) {
  switch (state) {
    case trend::LeakState::kHealthy:
      return "healthy";
    case trend::LeakState::kSuspected:
      return "suspected";
    case trend::LeakState::kConfirmed:
      return "confirmed";
  }
  return "";
}

void WriteConfirmed(JsonWriter& json, const LeakFinding& leak, WallTime now) {
  json.Key("summary").String(LeakSummary(leak));
  json.Key("description").String(LeakDescription(leak, now));
  json.Key("since").String(Rfc3339(leak.since));
  json.Key("confirmedAt").String(Rfc3339(leak.confirmed_at));
  json.Key("slope").Double(leak.slope);
  json.Key("slopeLow").Double(leak.slope_low);
  json.Key("slopeHigh").Double(leak.slope_high);
  json.Key("from").Double(leak.from).Key("to").Double(leak.to);
  json.Key("exhaustedIn").Double(ToSeconds(leak.exhausted_in));
  json.Key("exhaustedInLow").Double(ToSeconds(leak.exhausted_in_low));
  json.Key("exhaustedInHigh").Double(ToSeconds(leak.exhausted_in_high));
  json.Key("tau").Double(leak.tau).Key("signal").Double(leak.signal);
  json.Key("recent").Double(leak.recent);
  json.Key("buckets").Int(static_cast<std::int64_t>(leak.buckets));
  json.Key("bucketSeconds").Double(ToSeconds(leak.bucket));
  json.Key("floors").BeginArray();
  for (const double floor : leak.floors) json.Double(floor);
  json.EndArray().Key("beside").BeginObject();
  for (const BesideReading& reading : leak.beside) {
    json.Key(reading.name).BeginArray().Double(reading.from).Double(reading.to).EndArray();
  }
  json.EndObject();
}

void WriteLeak(JsonWriter& json, const LeakFinding& leak, WallTime now) {
  json.BeginObject().Key("rule").String(leak.rule).Key("labels");
  WriteLabels(leak.labels, json);
  json.Key("state").String(StateText(leak.state)).Key("present").Bool(leak.present);
  json.Key("limit").Double(leak.limit).Key("limitSource").String(leak.limit_source);
  json.Key("restarts").Int(leak.restarts).Key("times").Int(leak.times);
  if (leak.state == trend::LeakState::kConfirmed) WriteConfirmed(json, leak, now);
  json.EndObject();
}

}  // namespace

http::Response Leaks(std::vector<LeakFinding> findings, WallTime now,
                     const http::Request& request) {
  const std::size_t followed = findings.size();
  if (http::Form::Parse(request).Get("all") != "true") {
    std::erase_if(findings,
                  [](const LeakFinding& leak) { return leak.state == trend::LeakState::kHealthy; });
  }
  std::sort(findings.begin(), findings.end(), [](const LeakFinding& a, const LeakFinding& b) {
    if (a.state != b.state) return a.state > b.state;
    if (a.exhausted_in != b.exhausted_in) return a.exhausted_in < b.exhausted_in;
    return (a.labels <=> b.labels) == std::strong_ordering::less;
  });
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("leaks").BeginArray();
  for (const LeakFinding& leak : findings) WriteLeak(json, leak, now);
  json.EndArray().Key("followed").Int(static_cast<std::int64_t>(followed)).EndObject();
  return Success(data);
}

}  // namespace tocsin::api
