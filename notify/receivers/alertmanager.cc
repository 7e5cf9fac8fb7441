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

/// One alert as Prometheus 2.42 posts it; what is empty is left out.
void WriteAlert(const Alert& alert, JsonWriter& json) {
  json.BeginObject();
  if (!alert.annotations.empty()) WriteLabels("annotations", alert.annotations, json);
  const WallTime ends = alert.ended_at.value_or(alert.valid_until);
  if (ends != WallTime{}) json.Key("endsAt").String(Rfc3339Millis(ends));
  json.Key("startsAt").String(Rfc3339Millis(alert.starts_at));
  if (!alert.generator_url.empty()) json.Key("generatorURL").String(alert.generator_url);
  WriteLabels("labels", alert.labels.WithoutEmpty(), json);
  json.EndObject();
}

class Alertmanager final : public Notifier {
 public:
  Alertmanager(Secret url, HttpConfig http) : url_(std::move(url)), http_(std::move(http)) {}

  std::size_t max_batch() const override { return 64; }

  Result<Request> Render(std::span<const Message> batch, WallTime) const override {
    std::string body;
    JsonWriter json(body);
    json.BeginArray();
    for (const Message& message : batch) {
      for (const Alert& alert : message.alerts) WriteAlert(alert, json);
    }
    json.EndArray();
    TRY_ASSIGN(HttpRequest request, JsonPost(http_, url_, "/api/v2/alerts", std::move(body)));
    return Request(std::move(request));
  }

 private:
  const Secret url_;
  const HttpConfig http_;
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadAlertmanager(ReceiverFields& fields) {
  TRY_ASSIGN(Secret url, fields.RequireAddress("url"));
  TRY_ASSIGN(HttpConfig http, fields.Http());
  return MakeAlertmanager(std::move(url), std::move(http));
}

std::unique_ptr<Notifier> MakeAlertmanager(Secret url, HttpConfig http) {
  return std::make_unique<Alertmanager>(std::move(url), std::move(http));
}

}  // namespace tocsin::notify
