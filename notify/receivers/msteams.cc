#include "base/json.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

// Teams takes messages of 28 KB as UTF-16.
// https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams
constexpr std::size_t kMaxTitle = 500;  // characters
constexpr std::size_t kMaxText = 12'000;

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
    json.Key("title").String(CutText(rendering.Expand(title), kMaxTitle));
    json.Key("summary").String(CutText(rendering.ExpandRequired(summary), kMaxTitle));
    json.Key("text").String(CutText(rendering.Expand(text), kMaxText));
    json.Key("themeColor").String(rendering.firing() ? "8C1A1A" : "2DC72D").EndObject();
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", std::move(body)));
    return Request(std::move(request));
  }

  /// The connector says 200 to what Teams refuses, and what Teams said in its body.
  /// https://github.com/MicrosoftDocs/msteams-docs/issues/1810
  Verdict Judge(const Result<Answer>& answer, WallTime now) const override {
    constexpr std::string_view kRefused = "endpoint returned HTTP error ";
    const Verdict verdict = JudgeHttp(answer, now);
    if (verdict.kind != Verdict::Kind::kDelivered) return verdict;
    const auto at = answer->body.find(kRefused);
    if (at == std::string::npos) return verdict;
    Answer refused = *answer;
    refused.status = ParseInt<int>(answer->body.substr(at + kRefused.size(), 3)).value_or(500);
    return JudgeHttp(refused, now);
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
