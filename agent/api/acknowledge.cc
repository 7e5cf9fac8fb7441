#include "agent/api/acknowledge.h"

#include <simdjson.h>

#include <algorithm>

#include "agent/api/envelope.h"
#include "agent/api/html.h"
#include "agent/http/form.h"
#include "base/html.h"
#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"
#include "notify/text.h"

namespace tocsin::api {
namespace {

using http::Form;
using http::Request;
using http::Response;
using notify::AlertView;
using notify::GroupView;
using notify::Notifications;

/// Names and comments are shown again and again: they are short.
constexpr std::size_t kMaxText = 500;

bool Fires(const AlertView& view) { return !view.alert.resolved(); }

void WriteGroup(const GroupView& group, JsonWriter& json) {
  json.BeginObject().Key("group").String(group.key).Key("receiver").String(group.receiver);
  json.Key("labels");
  WriteLabels(group.labels, json);
  json.Key("alerts").BeginArray();
  for (const AlertView& view : group.alerts) {
    json.BeginObject().Key("fingerprint").String(notify::FingerprintText(view.alert.labels));
    json.Key("state").String(Fires(view) ? "firing" : "resolved").EndObject();
  }
  json.EndArray().Key("acknowledged");
  if (group.acknowledged) {
    json.BeginObject().Key("by").String(group.acknowledged->by);
    json.Key("comment").String(group.acknowledged->comment);
    json.Key("at").String(Rfc3339Millis(group.acknowledged->at)).EndObject();
  } else {
    json.Null();
  }
  json.EndObject();
}

Response Groups(std::vector<GroupView> groups) {
  std::stable_partition(groups.begin(), groups.end(), [](const GroupView& group) {
    return std::any_of(group.alerts.begin(), group.alerts.end(), Fires);
  });
  std::string data;
  JsonWriter json(data);
  json.BeginArray();
  for (const GroupView& group : groups) WriteGroup(group, json);
  json.EndArray();
  return Success(data);
}

/// What a POST asks for.
struct Wish {
  std::string group;
  notify::Matchers matchers;
  std::string by;
  std::string comment;
  bool undo = false;

  bool Means(const GroupView& view) const {
    if (!group.empty() && view.key != group) return false;
    return std::any_of(view.alerts.begin(), view.alerts.end(), [&](const AlertView& alert) {
      return Fires(alert) && notify::AllMatch(matchers, alert.alert.labels);
    });
  }
};

Error Malformed(std::string_view what) { return Error{Errc::kInvalid, std::string(what)}; }

Status ReadText(const simdjson::dom::object& from, std::string_view key, std::string& into) {
  simdjson::dom::element value;
  std::string_view text;
  if (from[key].get(value) != simdjson::SUCCESS || value.is_null()) return Unit{};
  if (value.get(text) != simdjson::SUCCESS) return Malformed(std::string(key) + " is no string");
  into = CutText(text, kMaxText);
  return Unit{};
}

Result<Wish> ReadWish(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root.get(object) != simdjson::SUCCESS) {
    return Malformed("the body is no JSON object");
  }
  Wish wish;
  simdjson::dom::element group;
  if (object["group"].get(group) == simdjson::SUCCESS) {
    std::string_view text;
    if (group.get(text) != simdjson::SUCCESS) return Malformed("group is no string");
    wish.group = text;
  }
  TRY(ReadText(object, "by", wish.by));
  TRY(ReadText(object, "comment", wish.comment));
  simdjson::dom::element undo;
  if (object["undo"].get(undo) == simdjson::SUCCESS && undo.get(wish.undo) != simdjson::SUCCESS) {
    return Malformed("undo is neither true nor false");
  }
  simdjson::dom::array matchers;
  if (object["matchers"].get(matchers) == simdjson::SUCCESS) {
    for (const simdjson::dom::element one : matchers) {
      std::string_view text;
      if (one.get(text) != simdjson::SUCCESS) return Malformed("a matcher is no string");
      TRY_ASSIGN(const notify::Matchers more, notify::ParseMatchers(text));
      wish.matchers.insert(wish.matchers.end(), more.begin(), more.end());
    }
  }
  if (wish.group.empty() && wish.matchers.empty())
    return Malformed("group or matchers is required");
  return wish;
}

Response Fulfil(Notifications& notifications, const Wish& wish) {
  std::vector<std::string> done;
  for (const GroupView& view : notifications.Groups()) {
    if (!wish.Means(view)) continue;
    // What has ended meanwhile needs nobody.
    const Status changed = wish.undo ? notifications.WithdrawAcknowledgement(view.key)
                                     : notifications.Acknowledge(view.key, wish.by, wish.comment);
    if (changed) done.push_back(view.key);
  }
  if (done.empty()) {
    return Failure(ErrorType::kNotFound,
                   wish.undo ? "no such alert is acknowledged" : "no such alert fires");
  }
  std::vector<GroupView> groups = notifications.Groups();
  std::erase_if(groups, [&](const GroupView& view) {
    return std::find(done.begin(), done.end(), view.key) == done.end();
  });
  return Groups(std::move(groups));
}

Response Page(int status, std::string_view heading, const std::string& content) {
  Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  // The address is a key to one act: no cache, no referrer, no frame gets it.
  response.headers = {{"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                       "frame-ancestors 'none'"},
                      {"X-Robots-Tag", "noindex"}};
  response.body = HtmlPage(heading, content);
  return response;
}

std::string AlertList(const GroupView& group) {
  std::string html = "<ul>\n";
  for (const AlertView& view : group.alerts) {
    if (!Fires(view)) continue;
    const Labels& annotations = view.alert.annotations;
    html += "<li>";
    AppendHtml(annotations.Has("summary") ? annotations.Get("summary")
                                          : view.alert.labels.Get("alertname"),
               html);
    html += "<br><small>";
    AppendHtml(view.alert.labels.ToString(), html);
    html += "</small></li>\n";
  }
  return html + "</ul>\n";
}

std::string AcknowledgedText(const notify::Acknowledgement& acknowledgement) {
  std::string html = "<p>Acknowledged";
  if (!acknowledgement.by.empty()) {
    html += " by ";
    AppendHtml(acknowledgement.by, html);
  }
  html += " at " + Rfc3339(acknowledgement.at);
  if (!acknowledgement.comment.empty()) {
    html += ": ";
    AppendHtml(acknowledgement.comment, html);
  }
  return html + ". There are no more pages for it until it has ended.</p>\n";
}

/// Asks, by a form that goes back to the link.
constexpr std::string_view kQuestion =
    "<form method=\"post\">\n"
    "<p><label>Your name <input name=\"by\" maxlength=\"100\"></label></p>\n"
    "<p><label>Comment <input name=\"comment\" maxlength=\"500\"></label></p>\n"
    "<p><button>Acknowledge</button></p>\n</form>\n";

/// Pressed by mistake, or handed over.
constexpr std::string_view kTakeBack =
    "<form method=\"post\">\n<input type=\"hidden\" name=\"undo\" value=\"1\">\n"
    "<p><button>Take it back</button> Pages and escalation then go on.</p>\n</form>\n";

}  // namespace

Response Acknowledgements(Notifications& notifications, const Request& request) {
  if (request.method != "POST") return Groups(notifications.Groups());
  // Pages of other sites cannot send this type without being asked first (CORS).
  if (!http::IsJson(request)) {
    return Failure(ErrorType::kBadData, "Content-Type must be application/json");
  }
  const auto wish = ReadWish(request.body);
  if (!wish) return Failure(ErrorType::kBadData, wish.error().message());
  return Fulfil(notifications, *wish);
}

Response AcknowledgePage(Notifications& notifications, WallTime now, const Request& request) {
  const Form form = Form::Parse(request);
  const std::string_view hash = form.Get("group");
  const Status signature =
      notifications.links().Check(hash, form.Get("until"), form.Get("signature"), now);
  if (!signature) {
    return Page(403, "Not acknowledged", "<p>" + signature.error().message() + ".</p>\n");
  }
  if (request.method == "POST") {
    const std::string group(hash);
    if (form.Get("undo") == "1") {
      (void)notifications.WithdrawAcknowledgement(group);
    } else {
      (void)notifications.Acknowledge(group, CutText(form.Get("by"), kMaxText),
                                      CutText(form.Get("comment"), kMaxText));
    }
  }
  for (const GroupView& group : notifications.Groups()) {
    if (notify::GroupHash(group.key) != hash ||
        std::none_of(group.alerts.begin(), group.alerts.end(), Fires))
      continue;
    if (group.acknowledged) {
      return Page(200, "Acknowledged",
                  AlertList(group) + AcknowledgedText(*group.acknowledged).append(kTakeBack));
    }
    return Page(200, "Acknowledge?", AlertList(group).append(kQuestion));
  }
  return Page(200, "Nothing to acknowledge", "<p>What this page was about has ended.</p>\n");
}

}  // namespace tocsin::api
