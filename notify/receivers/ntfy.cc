#include "base/json.h"
#include "base/parse.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

/// ntfy makes an attachment of what is longer than 4,096 bytes, or refuses it where it keeps none.
constexpr std::size_t kMaxTextBytes = 4'000;

/// Publishes as JSON to the server's root (docs.ntfy.sh/publish, "Publish as JSON"):
///     ntfy_configs: [{ url: https://ntfy.sh, topic_file: /etc/tocsin/topic, priority: '5' }]
class Ntfy final : public Notifier {
 public:
  std::string url;
  Secret topic;
  HttpConfig http;
  std::string external_url;
  tmpl::Template title;
  tmpl::Template text;
  tmpl::Template priority;  // 1 … 5
  tmpl::Template click;
  std::vector<std::string> tags;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url}, now);
    TRY_ASSIGN(const std::string revealed, topic.Reveal());
    std::string body;
    JsonWriter json(body);
    json.BeginObject().Key("topic").String(revealed);
    json.Key("title").String(CutText(rendering.Expand(title), 250));
    json.Key("message").String(CutBytes(rendering.Expand(text), kMaxTextBytes));
    if (const auto level = ParseInt<int>(Trim(rendering.Expand(priority)));
        level && *level >= 1 && *level <= 5) {
      json.Key("priority").Int(*level);
    }
    if (const std::string link = rendering.Expand(click); !link.empty()) {
      json.Key("click").String(link);
    }
    if (!tags.empty()) {
      json.Key("tags").BeginArray();
      for (const std::string& tag : tags) json.String(tag);
      json.EndArray();
    }
    json.EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, Secret::Literal(url), "", std::move(body)));
    return Request(std::move(request));
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadNtfy(ReceiverFields& fields) {
  auto ntfy = std::make_unique<Ntfy>();
  TRY_ASSIGN(ntfy->url, fields.Url("url", "https://ntfy.sh"));
  TRY_ASSIGN(ntfy->topic, fields.RequireSecret("topic"));
  TRY_ASSIGN(ntfy->http, fields.Http());
  TRY_ASSIGN(ntfy->title, fields.Text("title", R"({{ template "ntfy.default.title" . }})"));
  TRY_ASSIGN(ntfy->text, fields.Text("message", R"({{ template "ntfy.default.message" . }})"));
  TRY_ASSIGN(ntfy->priority,
             fields.Text("priority", R"({{ if eq .Status "firing" }}4{{ else }}3{{ end }})"));
  TRY_ASSIGN(ntfy->click, fields.Text("click", R"({{ template "__alertmanagerURL" . }})"));
  TRY_ASSIGN(ntfy->tags, fields.fields().Read("tags", YamlStrings, std::vector<std::string>{}));
  ntfy->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(ntfy));
}

}  // namespace tocsin::notify
