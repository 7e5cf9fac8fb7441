#include "base/json.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"
#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

void WriteLabels(std::string_view key, const Labels& labels, JsonWriter& json) {
  json.Key(key);
  tocsin::WriteLabels(labels, json);
}

class Webhook final : public Notifier {
 public:
  Secret url;
  HttpConfig http;
  std::size_t max_alerts = 0;
  std::string external_url;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url, max_alerts}, now);
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", WebhookBody(rendering)));
    return Request(std::move(request));
  }
};

}  // namespace

std::string WebhookBody(const Rendering& rendering) {
  const tmpl::NotificationData& data = rendering.data();
  // Where the payload has room for it: it is Alertmanager's, to the letter.
  const auto with_link = [&](const Labels& annotations, const Alert& alert) {
    if (data.acknowledge_url.empty() || alert.resolved()) return annotations;
    return annotations.With("acknowledge_url", data.acknowledge_url);
  };
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("receiver").String(data.receiver).Key("status").String(data.status);
  json.Key("alerts").BeginArray();
  for (std::size_t i = 0; i < data.alerts.size(); ++i) {
    const tmpl::NotificationAlert& alert = data.alerts[i];
    const Alert& source = rendering.alerts()[i];
    json.BeginObject().Key("status").String(alert.status);
    WriteLabels("labels", alert.labels, json);
    WriteLabels("annotations", with_link(alert.annotations, source), json);
    json.Key("startsAt").String(Rfc3339(source.starts_at));
    json.Key("endsAt").String(source.ended_at ? Rfc3339(*source.ended_at) : "0001-01-01T00:00:00Z");
    json.Key("generatorURL").String(alert.generator_url);
    json.Key("fingerprint").String(alert.fingerprint).EndObject();
  }
  json.EndArray();
  WriteLabels("groupLabels", data.group_labels, json);
  WriteLabels("commonLabels", data.common_labels, json);
  WriteLabels("commonAnnotations", data.common_annotations, json);
  json.Key("externalURL").String(data.external_url).Key("version").String("4");
  json.Key("groupKey").String(rendering.message().group.key);
  json.Key("truncatedAlerts").Int(static_cast<std::int64_t>(rendering.truncated())).EndObject();
  body.push_back('\n');
  return body;
}

Result<std::unique_ptr<Notifier>> ReadWebhook(ReceiverFields& fields) {
  auto webhook = std::make_unique<Webhook>();
  TRY_ASSIGN(webhook->url, fields.RequireAddress("url"));
  TRY_ASSIGN(webhook->http, fields.Http());
  if (const YamlNode* max = fields.fields().Find("max_alerts")) {
    TRY_ASSIGN(const std::int64_t count, YamlInt(fields.file(), *max));
    if (count < 0) return fields.file().At(*max, "max_alerts cannot be negative");
    webhook->max_alerts = static_cast<std::size_t>(count);
  }
  webhook->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(webhook));
}

}  // namespace tocsin::notify
