#include "base/json.h"
#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

class MsTeams final : public Notifier {
 public:
  Secret url;
  HttpConfig http;
  std::string external_url;
  tmpl::Template title;
  tmpl::Template summary;
  tmpl::Template text;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url}, now);
    std::string body;
    JsonWriter json(body);
    json.BeginObject().Key("@context").String("http://schema.org/extensions");
    json.Key("@type").String("MessageCard");
    json.Key("title").String(rendering.Expand(title));
    json.Key("summary").String(rendering.Expand(summary));
    json.Key("text").String(rendering.Expand(text));
    json.Key("themeColor").String(rendering.firing() ? "8C1A1A" : "2DC72D").EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", std::move(body)));
    return Request(std::move(request));
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadMsTeams(ReceiverFields& fields) {
  auto teams = std::make_unique<MsTeams>();
  TRY_ASSIGN(teams->url, fields.RequireSecret("webhook_url"));
  TRY_ASSIGN(teams->http, fields.Http());
  TRY_ASSIGN(teams->title, fields.Text("title", R"({{ template "msteams.default.title" . }})"));
  TRY_ASSIGN(teams->summary,
             fields.Text("summary", R"({{ template "msteams.default.summary" . }})"));
  TRY_ASSIGN(teams->text, fields.Text("text", R"({{ template "msteams.default.text" . }})"));
  teams->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(teams));
}

}  // namespace tocsin::notify
