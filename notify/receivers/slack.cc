#include "base/json.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxTitle = 1024;  // characters, Slack's limit

struct Field {
  tmpl::Template title;
  tmpl::Template value;
  bool is_short;
};

struct Action {
  std::vector<std::pair<std::string_view, tmpl::Template>> members;
  std::vector<std::pair<std::string_view, tmpl::Template>> confirm;
};

class Slack final : public Notifier {
 public:
  Secret url;
  HttpConfig http;
  std::string external_url;
  std::vector<std::pair<std::string_view, tmpl::Template>> message;     // top-level members
  std::vector<std::pair<std::string_view, tmpl::Template>> attachment;  // without the title
  tmpl::Template title;
  std::vector<Field> fields;
  std::vector<Action> actions;
  std::vector<std::string> mrkdwn_in{"fallback", "pretext", "text"};
  bool link_names = false;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url, 0, ValueEscaping::kSlack}, now);
    std::string body;
    JsonWriter json(body);
    json.BeginObject();
    WriteMembers(message, rendering, json);
    if (link_names) json.Key("link_names").Bool(true);
    json.Key("attachments").BeginArray().BeginObject();
    json.Key("title").String(CutText(rendering.Expand(title), kMaxTitle));
    WriteMembers(attachment, rendering, json);
    if (!fields.empty()) WriteFields(rendering, json);
    if (!actions.empty()) WriteActions(rendering, json);
    json.Key("mrkdwn_in").BeginArray();
    for (const std::string& name : mrkdwn_in) json.String(name);
    json.EndArray().EndObject().EndArray().EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", std::move(body)));
    return Request(std::move(request));
  }

  /// Slack's Web API says 200 also to what it refuses.
  Verdict Judge(const Result<Answer>& answer, WallTime now) const override {
    Verdict verdict = JudgeHttp(answer, now);
    if (verdict.kind == Verdict::Kind::kDelivered &&
        answer->body.find("\"ok\":false") != std::string::npos) {
      return {Verdict::Kind::kRejected, {}, "refused", OneLine(answer->body, 200)};
    }
    return verdict;
  }

 private:
  static void WriteMembers(const std::vector<std::pair<std::string_view, tmpl::Template>>& members,
                           const Rendering& rendering, JsonWriter& json) {
    for (const auto& [name, text] : members) {
      if (const std::string value = rendering.Expand(text); !value.empty()) {
        json.Key(name).String(value);
      }
    }
  }

  void WriteFields(const Rendering& rendering, JsonWriter& json) const {
    json.Key("fields").BeginArray();
    for (const Field& field : fields) {
      json.BeginObject().Key("title").String(rendering.Expand(field.title));
      json.Key("value").String(rendering.Expand(field.value));
      json.Key("short").Bool(field.is_short).EndObject();
    }
    json.EndArray();
  }

  void WriteActions(const Rendering& rendering, JsonWriter& json) const {
    json.Key("actions").BeginArray();
    for (const Action& action : actions) {
      json.BeginObject();
      WriteMembers(action.members, rendering, json);
      if (!action.confirm.empty()) {
        json.Key("confirm").BeginObject();
        WriteMembers(action.confirm, rendering, json);
        json.EndObject();
      }
      json.EndObject();
    }
    json.EndArray();
  }
};

Result<Field> ReadField(ReceiverFields& outer, const YamlNode& node, bool default_short) {
  YamlFields keys(outer.file(), node, "slack field");
  ReceiverFields fields(keys, outer.context());
  Field field;
  TRY(keys.Require("title"));
  TRY(keys.Require("value"));
  TRY_ASSIGN(field.title, fields.Text("title", ""));
  TRY_ASSIGN(field.value, fields.Text("value", ""));
  TRY_ASSIGN(field.is_short, fields.Flag("short", default_short));
  TRY(keys.Finish());
  return field;
}

Status ReadMembers(ReceiverFields& fields, std::initializer_list<std::string_view> names,
                   std::vector<std::pair<std::string_view, tmpl::Template>>& members) {
  for (const std::string_view name : names) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(name, ""));
    members.emplace_back(name, std::move(text));
  }
  return Unit{};
}

Result<Action> ReadAction(ReceiverFields& outer, const YamlNode& node) {
  YamlFields keys(outer.file(), node, "slack action");
  ReceiverFields fields(keys, outer.context());
  Action action;
  TRY(keys.Require("type"));
  TRY(keys.Require("text"));
  if (!keys.Find("url") && !keys.Find("name")) {
    return outer.file().At(node, "a slack action needs \"url\" or \"name\"");
  }
  TRY(ReadMembers(fields, {"type", "text", "url", "style", "name", "value"}, action.members));
  if (const YamlNode* confirm = keys.Find("confirm")) {
    YamlFields confirm_keys(outer.file(), *confirm, "confirm");
    ReceiverFields confirm_fields(confirm_keys, outer.context());
    TRY(confirm_keys.Require("text"));
    TRY(ReadMembers(confirm_fields, {"text", "title", "ok_text", "dismiss_text"}, action.confirm));
    TRY(confirm_keys.Finish());
  }
  TRY(keys.Finish());
  return action;
}

}  // namespace

Result<std::unique_ptr<Notifier>> ReadSlack(ReceiverFields& fields) {
  struct Member {
    std::string_view key;
    std::string_view fallback;
  };
  constexpr Member kMessage[] = {
      {"channel", ""},
      {"username", R"({{ template "slack.default.username" . }})"},
      {"icon_emoji", R"({{ template "slack.default.iconemoji" . }})"},
      {"icon_url", R"({{ template "slack.default.iconurl" . }})"},
  };
  constexpr Member kAttachment[] = {
      {"title_link", R"({{ template "slack.default.titlelink" . }})"},
      {"pretext", R"({{ template "slack.default.pretext" . }})"},
      {"text", R"({{ template "slack.default.text" . }})"},
      {"fallback", R"({{ template "slack.default.fallback" . }})"},
      {"callback_id", R"({{ template "slack.default.callbackid" . }})"},
      {"footer", R"({{ template "slack.default.footer" . }})"},
      {"image_url", ""},
      {"thumb_url", ""},
      {"color", R"({{ if eq .Status "firing" }}danger{{ else }}good{{ end }})"},
  };
  auto slack = std::make_unique<Slack>();
  TRY_ASSIGN(slack->url, fields.ReadSecret("api_url"));
  if (slack->url.empty()) slack->url = fields.context().global.slack_url;
  if (slack->url.empty()) {
    return fields.file().At(fields.fields().node(),
                            "needs \"api_url_file\", here or as "
                            "slack_api_url_file in global");
  }
  TRY_ASSIGN(slack->http, fields.Http());
  slack->external_url = fields.context().external_url;
  for (const Member& member : kMessage) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(member.key, member.fallback));
    slack->message.emplace_back(member.key, std::move(text));
  }
  for (const Member& member : kAttachment) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(member.key, member.fallback));
    slack->attachment.emplace_back(member.key, std::move(text));
  }
  TRY_ASSIGN(slack->title, fields.Text("title", R"({{ template "slack.default.title" . }})"));
  TRY_ASSIGN(slack->link_names, fields.Flag("link_names", false));
  TRY_ASSIGN(const bool short_fields, fields.Flag("short_fields", false));
  TRY_ASSIGN(slack->mrkdwn_in, fields.fields().Read("mrkdwn_in", YamlStrings, slack->mrkdwn_in));
  TRY_ASSIGN(const auto list, fields.List("fields"));
  for (const YamlNode* node : list) {
    TRY_ASSIGN(Field field, ReadField(fields, *node, short_fields));
    slack->fields.push_back(std::move(field));
  }
  TRY_ASSIGN(const auto actions, fields.List("actions"));
  for (const YamlNode* node : actions) {
    TRY_ASSIGN(Action action, ReadAction(fields, *node));
    slack->actions.push_back(std::move(action));
  }
  return std::unique_ptr<Notifier>(std::move(slack));
}

}  // namespace tocsin::notify
