#include "agent/api/alertmanager.h"

#include <algorithm>
#include <tuple>

#include "agent/api/silence_json.h"
#include "agent/http/form.h"
#include "agent/version.h"
#include "base/ascii.h"
#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"
#include "notify/uuid.h"

namespace tocsin::api {
namespace {

using http::Form;
using http::Request;
using http::Response;
using notify::AlertView;
using notify::AllMatch;
using notify::Silence;
using notify::SilenceState;

constexpr std::string_view kSilencePath = "/api/v2/silence/";

Response Json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

/// What Alertmanager's handlers answer: the message as a JSON string.
Response Refuse(int status, std::string_view message) {
  std::string body;
  JsonWriter(body).String(message);
  return Json(status, body);
}

/// What its request validation answers.
Response Invalid(int code, std::string_view message) {
  std::string body;
  JsonWriter(body).BeginObject().Key("code").Int(code).Key("message").String(message).EndObject();
  return Json(code >= 600 ? 422 : code, body);
}

void WriteLabels(std::string_view key, const Labels& labels, JsonWriter& json) {
  json.Key(key);
  tocsin::WriteLabels(labels, json);
}

void WriteNames(const std::vector<std::string>& names, JsonWriter& json) {
  json.BeginArray();
  for (const std::string& name : names) json.BeginObject().Key("name").String(name).EndObject();
  json.EndArray();
}

bool Suppressed(const AlertView& view) {
  return !view.muting.silenced_by.empty() || !view.muting.inhibited_by.empty();
}

void WriteAlert(const AlertView& view, JsonWriter& json) {
  const notify::Alert& alert = view.alert;
  json.BeginObject();
  WriteLabels("annotations", alert.annotations, json);
  json.Key("endsAt").String(Rfc3339Millis(alert.ended_at.value_or(alert.valid_until)));
  json.Key("fingerprint").String(notify::FingerprintText(alert.labels));
  json.Key("receivers");
  WriteNames(view.receivers, json);
  json.Key("startsAt").String(Rfc3339Millis(alert.starts_at));
  json.Key("status").BeginObject().Key("inhibitedBy").BeginArray();
  if (!view.muting.inhibited_by.empty()) json.String(view.muting.inhibited_by);
  json.EndArray().Key("silencedBy").BeginArray();
  for (const std::string& id : view.muting.silenced_by) json.String(id);
  json.EndArray().Key("state").String(Suppressed(view) ? "suppressed" : "active").EndObject();
  json.Key("updatedAt").String(Rfc3339Millis(alert.starts_at));
  if (!alert.generator_url.empty()) json.Key("generatorURL").String(alert.generator_url);
  WriteLabels("labels", alert.labels, json);
  json.EndObject();
}

/// The parameters that choose alerts.
struct AlertFilter {
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  notify::Matchers matchers;
  std::optional<Matcher> receiver;

  bool Matches(const AlertView& view) const {
    const bool is_silenced = !view.muting.silenced_by.empty();
    const bool is_inhibited = !view.muting.inhibited_by.empty();
    const bool wanted = (active || is_silenced || is_inhibited) && (silenced || !is_silenced) &&
                        (inhibited || !is_inhibited);
    return wanted && !view.alert.resolved() && AllMatch(matchers, view.alert.labels);
  }
  bool MatchesReceiver(const std::string& name) const {
    return !receiver || receiver->Matches(std::string_view(name));
  }
};

Result<notify::Matchers> ReadFilter(const Form& form) {
  notify::Matchers matchers;
  for (const std::string_view text : form.All("filter")) {
    TRY_ASSIGN(const notify::Matchers more, notify::ParseMatchers(text));
    matchers.insert(matchers.end(), more.begin(), more.end());
  }
  return matchers;
}

/// True if it is not said. As Alertmanager reads booleans: what is none of these words is false.
bool Wanted(const Form& form, std::string_view name) {
  const std::string_view text = form.Get(name);
  const auto is_text = [&](std::string_view yes) { return EqualsIgnoringCase(text, yes); };
  constexpr std::string_view kYes[] = {"",   "true",     "1",       "yes", "ok",     "y",
                                       "on", "selected", "checked", "t",   "enabled"};
  return std::any_of(std::begin(kYes), std::end(kYes), is_text);
}

Result<AlertFilter> ReadAlertFilter(const Request& request) {
  const Form form = Form::Parse(request);
  AlertFilter filter;
  filter.active = Wanted(form, "active");
  filter.silenced = Wanted(form, "silenced");
  filter.inhibited = Wanted(form, "inhibited");
  TRY_ASSIGN(filter.matchers, ReadFilter(form));
  if (!form.Get("receiver").empty()) {
    TRY_ASSIGN(filter.receiver,
               Matcher::Make(MatchOp::kRegex, "receiver", std::string(form.Get("receiver"))));
  }
  return filter;
}

/// Active ones by their end, then pending ones by their start, then expired ones, latest first.
bool SilenceBefore(const Silence& a, const Silence& b, WallTime now) {
  const auto rank = [now](const Silence& s) {
    const SilenceState state = s.StateAt(now);
    const std::int64_t order = state == SilenceState::kActive    ? ToMillis(s.ends_at)
                               : state == SilenceState::kPending ? ToMillis(s.starts_at)
                                                                 : -ToMillis(s.ends_at);
    const int group = state == SilenceState::kActive ? 0 : state == SilenceState::kPending ? 1 : 2;
    return std::tuple(group, order, std::string_view(s.id));
  };
  return rank(a) < rank(b);
}

/// A silence is shown if it has each matcher of the filter, or one of that name whose value passes.
bool PassesFilter(const Silence& silence, const notify::Matchers& filter) {
  return std::all_of(filter.begin(), filter.end(), [&](const Matcher& wanted) {
    return std::any_of(silence.matchers.begin(), silence.matchers.end(),
                       [&](const Matcher& matcher) {
                         return matcher.name() == wanted.name() &&
                                wanted.Matches(std::string_view(matcher.value()));
                       });
  });
}

Response ListSilences(const notify::Notifications& notifications, WallTime now,
                      const Request& request) {
  const auto filter = ReadFilter(Form::Parse(request));
  if (!filter) return Refuse(400, filter.error().message());
  std::vector<Silence> silences = notifications.AllSilences();
  std::sort(silences.begin(), silences.end(),
            [now](const Silence& a, const Silence& b) { return SilenceBefore(a, b, now); });
  std::string body;
  JsonWriter json(body);
  json.BeginArray();
  for (const Silence& silence : silences) {
    if (PassesFilter(silence, *filter)) WriteSilence(silence, now, json);
  }
  json.EndArray();
  return Json(200, std::move(body));
}

Response PostSilence(notify::Notifications& notifications, WallTime now, const Request& request) {
  // Pages of other sites cannot send this type without being asked first (CORS).
  if (!http::IsJson(request)) {
    return Invalid(415, "unsupported media type, only [application/json] is allowed");
  }
  auto silence = ReadSilence(request.body);
  if (!silence) {
    return silence.error().code() == Errc::kMalformed ? Invalid(400, silence.error().message())
                                                      : Refuse(400, silence.error().message());
  }
  if (silence->starts_at >= silence->ends_at) {
    return Refuse(400, "start time must be before end time");
  }
  if (silence->ends_at < now) return Refuse(400, "end time can't be in the past");
  const auto id = notifications.SetSilence(*std::move(silence));
  if (!id) {
    const int status = id.error().code() == Errc::kNotFound ? 404 : 400;
    return Refuse(status, id.error().message());
  }
  std::string body;
  JsonWriter(body).BeginObject().Key("silenceID").String(*id).EndObject();
  return Json(200, std::move(body));
}

}  // namespace

Response AmStatus(const std::string& config, WallTime started) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("cluster").BeginObject().Key("peers").BeginArray().EndArray();
  json.Key("status").String("disabled").EndObject();
  json.Key("config").BeginObject().Key("original").String(config).EndObject();
  json.Key("uptime").String(Rfc3339Millis(started));
  json.Key("versionInfo").BeginObject();
  json.Key("branch").String("").Key("buildDate").String("").Key("buildUser").String("");
  json.Key("goVersion").String("").Key("revision").String(kRevision);
  json.Key("version").String(kVersion).EndObject().EndObject();
  return Json(200, std::move(body));
}

Response AmReceivers(const notify::Notifications& notifications) {
  std::string body;
  JsonWriter json(body);
  WriteNames(notifications.ReceiverNames(), json);
  return Json(200, std::move(body));
}

Response AmSilences(notify::Notifications& notifications, WallTime now, const Request& request) {
  return request.method == "POST" ? PostSilence(notifications, now, request)
                                  : ListSilences(notifications, now, request);
}

Response AmSilence(notify::Notifications& notifications, WallTime now, const Request& request) {
  const std::string id(request.path.substr(kSilencePath.size()));
  if (!notify::IsUuid(id)) {
    std::string quoted;
    JsonWriter(quoted).String(id);
    return Invalid(601, "silenceID in path must be of type uuid: " + quoted);
  }
  if (request.method == "DELETE") {
    const Status expired = notifications.ExpireSilence(id);
    if (expired) return Json(200, "");
    return Refuse(expired.error().code() == Errc::kNotFound ? 404 : 500, expired.error().message());
  }
  const auto silence = notifications.FindSilence(id);
  if (!silence) return Json(404, "");
  std::string body;
  JsonWriter json(body);
  WriteSilence(*silence, now, json);
  return Json(200, std::move(body));
}

Response AmAlerts(const notify::Notifications& notifications, const Request& request) {
  const auto filter = ReadAlertFilter(request);
  if (!filter) return Refuse(400, filter.error().message());
  std::vector<AlertView> views = notifications.Alerts();
  std::erase_if(views, [&](const AlertView& view) {
    return !filter->Matches(view) ||
           std::none_of(view.receivers.begin(), view.receivers.end(),
                        [&](const std::string& name) { return filter->MatchesReceiver(name); });
  });
  std::sort(views.begin(), views.end(), [](const AlertView& a, const AlertView& b) {
    return notify::Fingerprint(a.alert.labels) < notify::Fingerprint(b.alert.labels);
  });
  std::string body;
  JsonWriter json(body);
  json.BeginArray();
  for (const AlertView& view : views) WriteAlert(view, json);
  json.EndArray();
  return Json(200, std::move(body));
}

Response AmGroups(const notify::Notifications& notifications, const Request& request) {
  const auto filter = ReadAlertFilter(request);
  if (!filter) return Refuse(400, filter.error().message());
  std::string body;
  JsonWriter json(body);
  json.BeginArray();
  for (notify::GroupView& group : notifications.Groups()) {
    if (!filter->MatchesReceiver(group.receiver)) continue;
    std::erase_if(group.alerts, [&](const AlertView& view) { return !filter->Matches(view); });
    if (group.alerts.empty()) continue;
    json.BeginObject().Key("alerts").BeginArray();
    for (const AlertView& view : group.alerts) WriteAlert(view, json);
    json.EndArray();
    WriteLabels("labels", group.labels, json);
    json.Key("receiver").BeginObject().Key("name").String(group.receiver).EndObject().EndObject();
  }
  json.EndArray();
  return Json(200, std::move(body));
}

}  // namespace tocsin::api
