#include "base/ascii.h"
#include "base/json.h"
#include "base/parse.h"
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxSummary = 1024;        // characters
constexpr std::size_t kMaxEventBytes = 512'000;  // of the whole event
constexpr std::string_view kEventsV1 =
    "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

using NamedTexts = std::vector<std::pair<std::string, tmpl::Template>>;

/// Events API v2 by routing_key; v1 by service_key, as old files have it.
class Pagerduty final : public Notifier {
 public:
  Secret key;
  bool v1 = false;
  std::string url;
  HttpConfig http;
  std::string external_url;
  std::string identity;
  tmpl::Template description;
  tmpl::Template client;
  tmpl::Template client_url;
  tmpl::Template source;
  tmpl::Template severity;
  NamedTexts payload;  // class, component, group
  NamedTexts details;
  std::vector<NamedTexts> links;
  std::vector<NamedTexts> images;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {.external_url = external_url, .identity = identity}, now);
    TRY_ASSIGN(const std::string revealed, key.Reveal());
    std::string body = Event(rendering, revealed, Details::kWhole);
    if (body.size() > kMaxEventBytes) body = Event(rendering, revealed, Details::kLeftOut);
    TRY_ASSIGN(HttpRequest request, JsonPost(http, Secret::Literal(url), "", std::move(body)));
    return Request(std::move(request));
  }

  /// The older API says 403 to who sends too fast.
  /// https://v2.developer.pagerduty.com/docs/trigger-events
  Verdict Judge(const Result<Answer>& answer, WallTime now) const override {
    if (v1 && answer && answer->status == 403) {
      return {Verdict::Kind::kRetry, {}, "rate_limited", "status 403"};
    }
    return JudgeHttp(answer, now);
  }

 private:
  enum class Details { kWhole, kLeftOut };

  std::string Event(const Rendering& rendering, const std::string& revealed, Details how) const {
    std::string body;
    JsonWriter json(body);
    json.BeginObject();
    if (v1) {
      json.Key("service_key").String(revealed);
      json.Key("incident_key").String(rendering.IncidentKey());
      json.Key("event_type").String(rendering.firing() ? "trigger" : "resolve");
      json.Key("description").String(Summary(rendering));
      WriteClient(rendering, json);
      WriteDetails("details", rendering, how, json);
    } else {
      json.Key("routing_key").String(revealed);
      json.Key("dedup_key").String(rendering.IncidentKey());
      json.Key("event_action").String(rendering.firing() ? "trigger" : "resolve");
      WriteClient(rendering, json);
      WriteList("images", images, rendering, json);
      WriteList("links", links, rendering, json);
      json.Key("payload").BeginObject();
      json.Key("summary").String(Summary(rendering));
      json.Key("source").String(rendering.ExpandRequired(source));
      json.Key("severity").String(SeverityOf(rendering));
      for (const auto& [name, text] : payload) WriteUnlessEmpty(name, text, rendering, json);
      WriteDetails("custom_details", rendering, how, json);
      json.EndObject();
    }
    json.EndObject();
    return body;
  }

  std::string Summary(const Rendering& rendering) const {
    return CutText(rendering.ExpandRequired(description), kMaxSummary);
  }
  /// PagerDuty refuses a page with any other: that of a group whose alerts differ in it is blank.
  std::string SeverityOf(const Rendering& rendering) const {
    const std::string text = rendering.Expand(severity);
    for (const std::string_view known : {"critical", "error", "warning", "info"}) {
      if (EqualsIgnoringCase(Trim(text), known)) return std::string(known);
    }
    return "error";
  }
  void WriteClient(const Rendering& rendering, JsonWriter& json) const {
    WriteUnlessEmpty("client", client, rendering, json);
    WriteUnlessEmpty("client_url", client_url, rendering, json);
  }
  void WriteDetails(std::string_view name, const Rendering& rendering, Details how,
                    JsonWriter& json) const {
    json.Key(name).BeginObject();
    if (how == Details::kLeftOut) {
      json.Key("error").String("the details were left out: the event would exceed 512 KB");
    } else {
      for (const auto& [key_name, text] : details)
        json.Key(key_name).String(rendering.Expand(text));
    }
    json.EndObject();
  }
  static void WriteUnlessEmpty(std::string_view name, const tmpl::Template& text,
                               const Rendering& rendering, JsonWriter& json) {
    if (const std::string value = rendering.Expand(text); !value.empty()) {
      json.Key(name).String(value);
    }
  }
  static void WriteList(std::string_view name, const std::vector<NamedTexts>& list,
                        const Rendering& rendering, JsonWriter& json) {
    if (list.empty()) return;
    json.Key(name).BeginArray();
    for (const NamedTexts& element : list) {
      // One without an address (its template may give none for these alerts) would be refused, and
      // the page with it.
      if (rendering.Expand(element.front().second).empty()) continue;
      json.BeginObject();
      for (const auto& [member, text] : element) WriteUnlessEmpty(member, text, rendering, json);
      json.EndObject();
    }
    json.EndArray();
  }
};

Result<std::vector<NamedTexts>> ReadList(ReceiverFields& outer, std::string_view key,
                                         std::initializer_list<std::string_view> members) {
  std::vector<NamedTexts> list;
  TRY_ASSIGN(const auto nodes, outer.List(key));
  for (const YamlNode* node : nodes) {
    YamlFields keys(outer.file(), *node, key);
    ReceiverFields fields(keys, outer.context());
    NamedTexts& element = list.emplace_back();
    for (const std::string_view member : members) {
      TRY_ASSIGN(tmpl::Template text, fields.Text(member, ""));
      element.emplace_back(member, std::move(text));
    }
    TRY(keys.Finish());
  }
  return list;
}

void AddDefaultDetails(NamedTexts& details, NamedTexts defaults) {
  for (auto& [name, text] : defaults) {
    bool given = false;
    for (const auto& [own, own_text] : details) given = given || own == name;
    if (!given) details.emplace_back(name, std::move(text));
  }
}

}  // namespace

Result<std::unique_ptr<Notifier>> ReadPagerduty(ReceiverFields& fields) {
  auto pagerduty = std::make_unique<Pagerduty>();
  TRY_ASSIGN(pagerduty->key, fields.ReadSecret("routing_key"));
  TRY_ASSIGN(Secret service_key, fields.ReadSecret("service_key"));
  pagerduty->v1 = pagerduty->key.empty();
  if (pagerduty->v1) pagerduty->key = std::move(service_key);
  if (pagerduty->key.empty()) {
    return fields.file().At(fields.fields().node(), "needs \"routing_key_file\"");
  }
  const std::string_view url =
      pagerduty->v1 ? kEventsV1 : std::string_view(fields.context().global.pagerduty_url);
  TRY_ASSIGN(pagerduty->url, fields.Url("url", url));
  TRY_ASSIGN(pagerduty->http, fields.Http());
  pagerduty->external_url = fields.context().external_url;
  pagerduty->identity = fields.context().identity;
  TRY_ASSIGN(pagerduty->description,
             fields.Text("description", R"({{ template "pagerduty.default.description" . }})"));
  TRY_ASSIGN(pagerduty->client,
             fields.Text("client", R"({{ template "pagerduty.default.client" . }})"));
  TRY_ASSIGN(pagerduty->client_url,
             fields.Text("client_url", R"({{ template "pagerduty.default.clientURL" . }})"));
  pagerduty->source = pagerduty->client;
  if (fields.fields().Find("source")) {
    TRY_ASSIGN(pagerduty->source, fields.Text("source", ""));
  }
  TRY_ASSIGN(pagerduty->severity, fields.Text("severity", "error"));
  for (const std::string_view name : {"class", "component", "group"}) {
    TRY_ASSIGN(tmpl::Template text, fields.Text(name, ""));
    pagerduty->payload.emplace_back(name, std::move(text));
  }
  TRY_ASSIGN(pagerduty->details, fields.Texts("details"));
  NamedTexts defaults;
  for (const auto& [name, source] :
       {std::pair<std::string, std::string_view>(
            "firing", R"({{ template "pagerduty.default.instances" .Alerts.Firing }})"),
        {"resolved", R"({{ template "pagerduty.default.instances" .Alerts.Resolved }})"},
        {"num_firing", "{{ .Alerts.Firing | len }}"},
        {"num_resolved", "{{ .Alerts.Resolved | len }}"}}) {
    TRY_ASSIGN(tmpl::Template text, fields.Parse(nullptr, source));
    defaults.emplace_back(name, std::move(text));
  }
  AddDefaultDetails(pagerduty->details, std::move(defaults));
  TRY_ASSIGN(pagerduty->links, ReadList(fields, "links", {"href", "text"}));
  TRY_ASSIGN(pagerduty->images, ReadList(fields, "images", {"src", "alt", "href"}));
  return std::unique_ptr<Notifier>(std::move(pagerduty));
}

}  // namespace tocsin::notify
