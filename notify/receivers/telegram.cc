#include "base/json.h"
#include "base/parse.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxText = 4096;  // characters, Telegram's limit

class Telegram final : public Notifier {
 public:
  Secret token;
  std::string api_url;
  HttpConfig http;
  std::string external_url;
  std::int64_t chat_id = 0;
  std::string parse_mode;  // "", "HTML", "Markdown", "MarkdownV2"
  bool silent = false;
  tmpl::Template text;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const auto escaping = parse_mode == "HTML" ? ValueEscaping::kHtml : ValueEscaping::kNone;
    const Rendering rich(batch[0], {external_url, 0, escaping}, now);
    TRY_ASSIGN(const std::string revealed, token.Reveal());
    const auto whole = rich.TryExpand(text);
    // Telegram refuses a text that ends within a tag, as a cut one may, or that is not of its
    // format, as the account of a template's error or a '_' of a value in Markdown: these go out as
    // plain text.
    const bool formatted = !batch[0].plain && !parse_mode.empty() && whole &&
                           !Trim(*whole).empty() && CutText(*whole, kMaxText) == *whole;
    const Rendering plain(batch[0], {external_url}, now);
    std::string body;
    JsonWriter json(body);
    json.BeginObject().Key("chat_id").Int(chat_id).Key("text");
    if (formatted) {
      json.String(*whole).Key("parse_mode").String(parse_mode);
    } else {
      json.String(CutText(plain.ExpandRequired(text), kMaxText));
    }
    json.Key("disable_web_page_preview").Bool(true);
    json.Key("disable_notification").Bool(silent).EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, Secret::Literal(api_url),
                                             "/bot" + revealed + "/sendMessage", std::move(body)));
    return Request(std::move(request));
  }

  Verdict Judge(const Result<Answer>& answer, WallTime now) const override {
    Verdict verdict = JudgeHttp(answer, now);
    if (verdict.kind == Verdict::Kind::kRejected && answer &&
        answer->body.find("parse entities") != std::string::npos) {
      verdict.kind = Verdict::Kind::kRetry;
      verdict.reason = "markup";
      verdict.without_markup = true;
    }
    return verdict;
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadTelegram(ReceiverFields& fields) {
  auto telegram = std::make_unique<Telegram>();
  TRY_ASSIGN(telegram->token, fields.RequireSecret("bot_token"));
  TRY_ASSIGN(telegram->chat_id, fields.fields().ReadRequired("chat_id", YamlInt));
  TRY_ASSIGN(telegram->api_url, fields.Url("api_url", fields.context().global.telegram_url));
  TRY_ASSIGN(telegram->http, fields.Http());
  TRY_ASSIGN(telegram->silent, fields.Flag("disable_notifications", false));
  TRY_ASSIGN(telegram->parse_mode, fields.Plain("parse_mode", "HTML"));
  const std::string& mode = telegram->parse_mode;
  if (!mode.empty() && mode != "HTML" && mode != "Markdown" && mode != "MarkdownV2") {
    return fields.file().At(*fields.fields().Find("parse_mode"),
                            "parse_mode is HTML, Markdown, MarkdownV2 or empty");
  }
  TRY_ASSIGN(telegram->text,
             fields.Text("message", R"({{ template "telegram.default.message" . }})"));
  telegram->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(telegram));
}

}  // namespace tocsin::notify
