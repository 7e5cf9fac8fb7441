#include "notify/rendering.h"

#include <algorithm>

#include "base/parse.h"
#include "notify/acknowledge_link.h"

namespace tocsin::notify {
namespace {

Labels Common(std::span<const Alert> alerts, Labels Alert::*part) {
  if (alerts.empty()) return {};
  std::vector<LabelView> common;
  for (const LabelView label : alerts[0].*part) {
    const bool shared = std::all_of(alerts.begin(), alerts.end(), [&](const Alert& alert) {
      return (alert.*part).Has(label.name) && (alert.*part).Get(label.name) == label.value;
    });
    if (shared) common.push_back(label);
  }
  return Labels(common);
}

std::string SlackEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

Labels Escaped(const Labels& labels, ValueEscaping escaping) {
  if (escaping != ValueEscaping::kSlack) return labels;
  LabelsBuilder escaped;
  for (const LabelView label : labels) escaped.Set(label.name, SlackEscaped(label.value));
  return escaped.Build();
}

}  // namespace

Labels CommonLabels(std::span<const Alert> alerts) { return Common(alerts, &Alert::labels); }

Labels CommonAnnotations(std::span<const Alert> alerts) {
  return Common(alerts, &Alert::annotations);
}

Rendering::Rendering(const Message& message, const Options& options, WallTime now)
    : message_(message), options_(options), now_(now), alerts_(message.alerts) {
  if (options.max_alerts > 0 && alerts_.size() > options.max_alerts) {
    alerts_ = alerts_.first(options.max_alerts);
  }
  const auto escaped = [&](const Labels& labels) { return Escaped(labels, options.escaping); };
  data_.receiver = message.group.receiver;
  data_.status = std::all_of(alerts_.begin(), alerts_.end(), std::mem_fn(&Alert::resolved))
                     ? "resolved"
                     : "firing";
  for (const Alert& alert : alerts_) {
    tmpl::NotificationAlert& out = data_.alerts.emplace_back();
    out.status = alert.resolved() ? "resolved" : "firing";
    out.labels = escaped(alert.labels);
    out.annotations = escaped(alert.annotations);
    out.starts_at = tmpl::Time::From(alert.starts_at);
    if (alert.ended_at) out.ends_at = tmpl::Time::From(*alert.ended_at);
    out.generator_url = options.escaping == ValueEscaping::kSlack
                            ? SlackEscaped(alert.generator_url)
                            : alert.generator_url;
    out.fingerprint = FingerprintText(alert.labels);
  }
  data_.group_labels = escaped(message.group.labels);
  data_.common_labels = escaped(CommonLabels(alerts_));
  data_.common_annotations = escaped(CommonAnnotations(alerts_));
  data_.external_url = std::string(options.external_url);
  if (firing()) {
    data_.acknowledge_url = options.escaping == ValueEscaping::kSlack
                                ? SlackEscaped(message.acknowledge_url)
                                : message.acknowledge_url;
  }
  value_ = tmpl::ToValue(data_);
}

Result<std::string> Rendering::TryExpand(const tmpl::Template& text) const {
  tmpl::Environment environment;
  environment.now = now_;
  environment.external_url = options_.external_url;
  if (options_.escaping == ValueEscaping::kHtml) environment.escaping = tmpl::Escaping::kHtml;
  return text.Execute(value_, environment);
}

std::string Rendering::ExpandRequired(const tmpl::Template& text) const {
  std::string expanded = Expand(text);
  if (!Trim(expanded).empty()) return expanded;
  const Labels& labels = data_.group_labels.empty() ? data_.common_labels : data_.group_labels;
  const std::string line = "[" + data_.status + "] " + labels.ToString();
  return options_.escaping == ValueEscaping::kHtml ? SlackEscaped(line) : line;
}

std::string Rendering::Expand(const tmpl::Template& text) const {
  auto expanded = TryExpand(text);
  if (expanded) return *std::move(expanded);
  const std::string account =
      "error expanding template: " + expanded.error().message() + "\n" + PlainAccount();
  switch (options_.escaping) {
    case ValueEscaping::kNone:
      return account;
    case ValueEscaping::kHtml: {
      std::string html = SlackEscaped(account);  // the same three characters
      for (auto at = html.find('\n'); at != std::string::npos; at = html.find('\n', at + 6)) {
        html.replace(at, 1, "<br/>\n");
      }
      return html;
    }
    case ValueEscaping::kSlack:
      return SlackEscaped("error expanding template: " + expanded.error().message()) + "\n" +
             PlainAccount();
  }
  return account;
}

std::string Rendering::PlainAccount() const {
  std::string text = "[" + data_.status + "]";
  for (const tmpl::NotificationAlert& alert : data_.alerts) {
    text += "\n" + alert.status + ": " + alert.labels.ToString();
    for (const LabelView annotation : alert.annotations) {
      text.append("\n  ").append(annotation.name).append(": ").append(annotation.value);
    }
  }
  if (!data_.acknowledge_url.empty()) text += "\nAcknowledge: " + data_.acknowledge_url;
  return text;
}

std::string Rendering::IncidentKey() const {
  if (options_.identity.empty()) return GroupHash(message_.group.key);
  return GroupHash(message_.group.key + "\n" + std::string(options_.identity));
}

}  // namespace tocsin::notify
