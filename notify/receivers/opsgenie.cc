#include <algorithm>

#include "base/json.h"
#include "base/parse.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxMessage = 130;  // characters
constexpr std::size_t kMaxDescription = 15'000;

struct Responder {
  std::vector<std::pair<std::string_view, tmpl::Template>> members;  // id name username type
};

using NamedValues = std::vector<std::pair<std::string_view, std::string>>;

/// What stands between commas.
template <class Visit>
void ForEachElement(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (const auto element = Trim(list.substr(0, comma)); !element.empty()) visit(element);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

class Opsgenie final : public Notifier {
 public:
  Secret key;
  std::string url;
  HttpConfig http;
  std::string external_url;
  std::string identity;
  tmpl::Template message;
  tmpl::Template description;
  tmpl::Template source;
  std::vector<std::pair<std::string_view, tmpl::Template>> optional;  // note priority entity
  tmpl::Template tags;                                                // separated by commas
  tmpl::Template actions;                                             // likewise
  std::vector<std::pair<std::string, tmpl::Template>> details;
  std::vector<Responder> responders;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {.external_url = external_url, .identity = identity}, now);
    TRY_ASSIGN(const std::string revealed, key.Reveal());
    std::string path = "/v2/alerts";
    std::string body;
    if (rendering.firing()) {
      body = Alert(rendering);
    } else {
      path += "/" + rendering.IncidentKey() + "/close?identifierType=alias";
      JsonWriter(body).BeginObject().Key("source").String(rendering.Expand(source)).EndObject();
    }
    TRY_ASSIGN(HttpRequest request, JsonPost(http, Secret::Literal(url), path, std::move(body)));
    request.headers.push_back({"Authorization", "GenieKey " + revealed});
    return Request(std::move(request));
  }

 private:
  std::string Alert(const Rendering& rendering) const {
    std::string body;
    JsonWriter json(body);
    json.BeginObject().Key("alias").String(rendering.IncidentKey());
    json.Key("message").String(CutText(rendering.ExpandRequired(message), kMaxMessage));
    json.Key("description").String(CutText(rendering.Expand(description), kMaxDescription));
    json.Key("details").BeginObject();
    for (const LabelView label : rendering.data().common_labels) {
      const bool replaced = std::any_of(details.begin(), details.end(),
                                        [&](const auto& d) { return d.first == label.name; });
      if (!replaced) json.Key(label.name).String(label.value);
    }
    for (const auto& [name, text] : details) json.Key(name).String(rendering.Expand(text));
    json.EndObject().Key("source").String(rendering.Expand(source));
    WriteResponders(rendering, json);
    WriteSplit("tags", rendering.Expand(tags), json);
    WriteSplit("actions", rendering.Expand(actions), json);
    for (const auto& [name, text] : optional) {
      const std::string value = rendering.Expand(text);
      // Any other is refused, and the page with it; without one it is P3.
      if (value.empty() || (name == "priority" && !IsPriority(value))) continue;
      json.Key(name).String(value);
    }
    json.EndObject();
    return body;
  }

  static bool IsPriority(std::string_view text) {
    return text.size() == 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '5';
  }

  void WriteResponders(const Rendering& rendering, JsonWriter& json) const {
    if (responders.empty()) return;
    json.Key("responders").BeginArray();
    for (const Responder& responder : responders) {
      NamedValues values;
      for (const auto& [name, text] : responder.members) {
        if (std::string value = rendering.Expand(text); !value.empty()) {
          values.emplace_back(name, std::move(value));
        }
      }
      WriteResponder(values, json);
    }
    json.EndArray();
  }

  /// One whose templates give nobody for these alerts is left out: Opsgenie would refuse it, and
  /// the page with it. "teams" are several, by commas.
  static void WriteResponder(const NamedValues& values, JsonWriter& json) {
    const auto get = [&](std::string_view member) -> std::string_view {
      for (const auto& [name, value] : values) {
        if (name == member) return value;
      }
      return {};
    };
    if (get("type") == "teams") {
      ForEachElement(get("name"), [&](std::string_view team) {
        json.BeginObject().Key("name").String(team).Key("type").String("team").EndObject();
      });
      return;
    }
    if (get("id").empty() && get("name").empty() && get("username").empty()) return;
    json.BeginObject();
    for (const auto& [name, value] : values) json.Key(name).String(value);
    json.EndObject();
  }

  static void WriteSplit(std::string_view name, std::string_view list, JsonWriter& json) {
    if (Trim(list).empty()) return;
    json.Key(name).BeginArray();
    ForEachElement(list, [&](std::string_view element) { json.String(element); });
    json.EndArray();
  }
};

Result<Responder> ReadResponder(ReceiverFields& outer, const YamlNode& node) {
  YamlFields keys(outer.file(), node, "responder");
  ReceiverFields fields(keys, outer.context());
  if (!keys.Find("id") && !keys.Find("name") && !keys.Find("username")) {
    return outer.file().At(node, "a responder needs \"id\", \"name\" or \"username\"");
  }
  Responder responder;
  for (const std::string_view name : {"id", "name", "username", "type"}) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(name, ""));
    responder.members.emplace_back(name, std::move(text));
  }
  TRY(keys.Finish());
  return responder;
}

}  // namespace

Result<std::unique_ptr<Notifier>> ReadOpsgenie(ReceiverFields& fields) {
  auto opsgenie = std::make_unique<Opsgenie>();
  TRY_ASSIGN(opsgenie->key, fields.ReadSecret("api_key"));
  if (opsgenie->key.empty()) opsgenie->key = fields.context().global.opsgenie_key;
  if (opsgenie->key.empty()) {
    return fields.file().At(fields.fields().node(),
                            "needs \"api_key_file\", here or as "
                            "opsgenie_api_key_file in global");
  }
  TRY_ASSIGN(opsgenie->url, fields.Url("api_url", fields.context().global.opsgenie_url));
  TRY_ASSIGN(opsgenie->http, fields.Http());
  opsgenie->external_url = fields.context().external_url;
  opsgenie->identity = fields.context().identity;
  TRY_ASSIGN(opsgenie->message,
             fields.Text("message", R"({{ template "opsgenie.default.message" . }})"));
  TRY_ASSIGN(opsgenie->description,
             fields.Text("description", R"({{ template "opsgenie.default.description" . }})"));
  TRY_ASSIGN(opsgenie->source,
             fields.Text("source", R"({{ template "opsgenie.default.source" . }})"));
  for (const std::string_view name : {"note", "priority", "entity"}) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(name, ""));
    opsgenie->optional.emplace_back(name, std::move(text));
  }
  TRY_ASSIGN(opsgenie->tags, fields.Text("tags", ""));
  TRY_ASSIGN(opsgenie->actions, fields.Text("actions", ""));
  TRY_ASSIGN(opsgenie->details, fields.Texts("details"));
  // Known and not done, since it takes two more requests: an open alert keeps its first texts.
  TRY(fields.Flag("update_alerts", false));
  TRY_ASSIGN(const auto responders, fields.List("responders"));
  for (const YamlNode* node : responders) {
    TRY_ASSIGN(Responder responder, ReadResponder(fields, *node));
    opsgenie->responders.push_back(std::move(responder));
  }
  return std::unique_ptr<Notifier>(std::move(opsgenie));
}

}  // namespace tocsin::notify
