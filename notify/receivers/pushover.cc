#include "base/parse.h"
#include "base/percent.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxTitle = 250;  // characters, Pushover's limits
constexpr std::size_t kMaxMessage = 1024;
constexpr std::size_t kMaxUrl = 512;
constexpr std::size_t kMaxUrlTitle = 100;
constexpr std::string_view kApi = "https://api.pushover.net/1/messages.json";

void AddPair(std::string_view name, std::string_view value, std::string& form) {
  if (!value.empty()) AppendFormPair(name, value, form);
}

class Pushover final : public Notifier {
 public:
  Secret token;
  Secret user;
  HttpConfig http;
  std::string external_url;
  bool html = false;
  bool monospace = false;
  milliseconds retry{60'000};
  milliseconds expire{3'600'000};
  tmpl::Template title;
  tmpl::Template message;
  tmpl::Template url;
  tmpl::Template url_title;
  tmpl::Template priority;
  tmpl::Template sound;
  tmpl::Template device;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rich(batch[0], {external_url, 0, ValueEscaping::kHtml}, now);
    const Rendering plain(batch[0], {external_url}, now);
    TRY_ASSIGN(const std::string revealed_token, token.Reveal());
    TRY_ASSIGN(const std::string revealed_user, user.Reveal());
    const auto marked_up = html ? rich.TryExpand(message) : Error{Errc::kInvalid, ""};
    std::string text = CutText(marked_up ? *marked_up : plain.Expand(message), kMaxMessage);
    if (Trim(text).empty()) text = "(no details)";  // Pushover refuses an empty message
    const std::string level = Level(plain);
    std::string form;
    AddPair("token", revealed_token, form);
    AddPair("user", revealed_user, form);
    AddPair("title", CutText(plain.Expand(title), kMaxTitle), form);
    AddPair("message", text, form);
    AddPair("url", CutText(plain.Expand(url), kMaxUrl), form);
    AddPair("url_title", CutText(plain.Expand(url_title), kMaxUrlTitle), form);
    AddPair("priority", level, form);
    AddPair("sound", plain.Expand(sound), form);
    AddPair("device", plain.Expand(device), form);
    if (marked_up) AddPair("html", "1", form);
    if (monospace) AddPair("monospace", "1", form);
    if (level == "2") {  // emergency: shown again until somebody acknowledges it
      AddPair("retry", std::to_string(retry.count() / 1000), form);
      AddPair("expire", std::to_string(expire.count() / 1000), form);
    }
    HttpRequest request;
    request.url = kApi;
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = std::move(form);
    TRY(ApplyHttpConfig(http, request));
    return Request(std::move(request));
  }

 private:
  /// Empty (which is normal) for what Pushover would refuse.
  std::string Level(const Rendering& rendering) const {
    std::string level(Trim(rendering.Expand(priority)));
    const auto number = ParseInt<int>(level);
    return number && *number >= -2 && *number <= 2 ? level : std::string();
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadPushover(ReceiverFields& fields) {
  auto pushover = std::make_unique<Pushover>();
  TRY_ASSIGN(pushover->token, fields.RequireSecret("token"));
  TRY_ASSIGN(pushover->user, fields.RequireSecret("user_key"));
  TRY_ASSIGN(pushover->http, fields.Http());
  TRY_ASSIGN(pushover->html, fields.Flag("html", false));
  TRY_ASSIGN(pushover->monospace, fields.Flag("monospace", false));
  TRY_ASSIGN(pushover->retry, fields.fields().Read("retry", YamlDuration, pushover->retry));
  TRY_ASSIGN(pushover->expire, fields.fields().Read("expire", YamlDuration, pushover->expire));
  TRY_ASSIGN(pushover->title, fields.Text("title", R"({{ template "pushover.default.title" . }})"));
  TRY_ASSIGN(pushover->message,
             fields.Text("message", R"({{ template "pushover.default.message" . }})"));
  TRY_ASSIGN(pushover->url, fields.Text("url", R"({{ template "pushover.default.url" . }})"));
  TRY_ASSIGN(pushover->url_title, fields.Text("url_title", ""));
  TRY_ASSIGN(pushover->priority,
             fields.Text("priority", R"({{ if eq .Status "firing" }}2{{ else }}0{{ end }})"));
  TRY_ASSIGN(pushover->sound, fields.Text("sound", ""));
  TRY_ASSIGN(pushover->device, fields.Text("device", ""));
  pushover->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(pushover));
}

}  // namespace tocsin::notify
