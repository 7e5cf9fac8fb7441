#include "base/json.h"
#include "base/parse.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxTitle = 256;  // characters, Discord's limits
constexpr std::size_t kMaxDescription = 2048;
constexpr std::size_t kMaxContent = 2000;
constexpr std::int64_t kRed = 0x992D22;
constexpr std::int64_t kGreen = 0x2ECC71;

class Discord final : public Notifier {
 public:
  Secret url;
  HttpConfig http;
  std::string external_url;
  tmpl::Template content;
  tmpl::Template title;
  tmpl::Template text;
  std::string user_name;
  std::string avatar_url;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url}, now);
    const std::string said = rendering.Expand(content);
    const std::string headline = rendering.Expand(title);
    const bool blank = Trim(said).empty() && Trim(headline).empty();  // Discord refuses a whole one
    const std::string details = blank ? rendering.ExpandRequired(text) : rendering.Expand(text);
    std::string body;
    JsonWriter json(body);
    json.BeginObject();
    json.Key("content").String(CutText(said, kMaxContent));
    json.Key("embeds").BeginArray().BeginObject();
    json.Key("title").String(CutText(headline, kMaxTitle));
    json.Key("description").String(CutText(details, kMaxDescription));
    json.Key("color").Int(rendering.firing() ? kRed : kGreen).EndObject().EndArray();
    if (!user_name.empty()) json.Key("username").String(user_name);
    if (!avatar_url.empty()) json.Key("avatar_url").String(avatar_url);
    // No label can mention anybody.
    json.Key("allowed_mentions").BeginObject().Key("parse").BeginArray().EndArray().EndObject();
    json.EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", std::move(body)));
    return Request(std::move(request));
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadDiscord(ReceiverFields& fields) {
  auto discord = std::make_unique<Discord>();
  TRY_ASSIGN(discord->url, fields.RequireSecret("webhook_url"));
  TRY_ASSIGN(discord->http, fields.Http());
  TRY_ASSIGN(discord->content,
             fields.Text("content", R"({{ template "discord.default.content" . }})"));
  TRY_ASSIGN(discord->title, fields.Text("title", R"({{ template "discord.default.title" . }})"));
  TRY_ASSIGN(discord->text,
             fields.Text("message", R"({{ template "discord.default.message" . }})"));
  TRY_ASSIGN(discord->user_name, fields.Plain("username", ""));
  TRY_ASSIGN(discord->avatar_url, fields.Url("avatar_url", ""));
  discord->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(discord));
}

}  // namespace tocsin::notify
