#include "notify/heartbeat.h"

#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

class Ping final : public Notifier {
 public:
  Secret url;
  HttpConfig http;

  Result<Request> Render(std::span<const Message>, WallTime) const override {
    TRY_ASSIGN(HttpRequest request, JsonPost(http, url, "", ""));
    request.method = "GET";
    return Request(std::move(request));
  }
};

}  // namespace

Result<HeartbeatSettings> ReadHeartbeat(const YamlFile& file, const YamlNode& node) {
  HeartbeatSettings settings;
  const GlobalSettings global;
  const tmpl::Library templates;
  const ReceiverContext context{global, templates, InlineSecrets::kRefused, {}};
  YamlFields keys(file, node, "heartbeat");
  ReceiverFields fields(keys, context);
  TRY_ASSIGN(settings.every, keys.Read("every", YamlDuration, std::chrono::minutes(1)));
  if (settings.every < seconds(1)) return file.At(node, "a heartbeat's \"every\" is at least 1s");
  TRY_ASSIGN(settings.receiver, keys.Read("receiver", YamlString, ""));
  if (settings.receiver.empty()) {
    auto ping = std::make_unique<Ping>();
    TRY_ASSIGN(ping->url, fields.RequireAddress("url"));
    TRY_ASSIGN(ping->http, fields.Http());
    settings.url = std::move(ping);
  }
  TRY(keys.Finish());
  return settings;
}

void Heartbeat::Configure(HeartbeatSettings settings, std::vector<std::string> destinations,
                          Labels identity, Moment now) {
  settings_ = std::move(settings);
  destinations_ = std::move(destinations);
  labels_ = identity.With("alertname", "TocsinHeartbeat");
  if (since_ == WallTime{}) since_ = now.wall;
  next_ = now.mono;
}

std::optional<MonoTime> Heartbeat::next() const {
  return destinations_.empty() ? std::nullopt : std::optional(next_);
}

std::vector<Outgoing> Heartbeat::Take(Moment now) {
  std::vector<Outgoing> beats;
  if (destinations_.empty() || now.mono < next_) return beats;
  if (!evaluated_at_ || now.mono - *evaluated_at_ > kAliveFor) {
    next_ = now.mono + seconds(1);  // as soon as rules are evaluated again
    return beats;
  }
  next_ = now.mono + settings_.every;
  Alert alert;
  alert.labels = labels_;
  alert.annotations = {
      {"summary", "Always firing: when this stops, the agent or its host is down"}};
  alert.starts_at = since_;
  alert.valid_until = now.wall + 3 * settings_.every;
  Message message;
  message.key = kHeartbeatDestination;
  message.group = {settings_.receiver, message.key, labels_};
  message.alerts.push_back(std::move(alert));
  message.repetition = true;  // the next one makes up for one that a crash loses
  for (const std::string& destination : destinations_) beats.push_back({destination, message});
  return beats;
}

}  // namespace tocsin::notify
