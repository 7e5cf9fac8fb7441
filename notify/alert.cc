#include "notify/alert.h"

#include <algorithm>
#include <functional>

#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr std::uint64_t kFnvOffset = 14695981039346656037U;
constexpr std::uint64_t kFnvPrime = 1099511628211U;

std::uint64_t FnvAdd(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (hash ^ 0xffU) * kFnvPrime;
}

const Alert* FindByLabels(const std::vector<Alert>& alerts, const Labels& labels) {
  const auto found = std::find_if(alerts.begin(), alerts.end(),
                                  [&](const Alert& a) { return a.labels == labels; });
  return found == alerts.end() ? nullptr : &*found;
}

}  // namespace

std::uint64_t Fingerprint(const Labels& labels) {
  std::uint64_t hash = kFnvOffset;
  for (const LabelView label : labels) {
    hash = FnvAdd(FnvAdd(hash, label.name), label.value);
  }
  return hash;
}

std::string FingerprintText(const Labels& labels) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t hash = Fingerprint(labels);
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4U) {
    *digit = kDigits[hash & 0xfU];
  }
  return text;
}

std::string GoLabelsText(const Labels& labels) {
  std::string out = "{";
  for (const LabelView label : labels) {
    if (out.size() > 1) out += ", ";
    out.append(label.name).push_back('=');
    AppendGoQuoted(label.value, out);
  }
  out.push_back('}');
  return out;
}

Message Supersede(const Message& older, Message newer, WallTime now) {
  for (const Alert& alert : older.alerts) {
    if (FindByLabels(newer.alerts, alert.labels)) continue;
    if (std::binary_search(newer.muted.begin(), newer.muted.end(), Fingerprint(alert.labels))) {
      continue;
    }
    Alert& kept = newer.alerts.emplace_back(alert);
    if (newer.whole_group && !kept.resolved()) kept.ended_at = std::max(now, kept.starts_at);
  }
  if (!newer.send_resolved) std::erase_if(newer.alerts, std::mem_fn(&Alert::resolved));
  newer.repetition = newer.repetition && older.repetition;
  newer.plain = newer.plain || older.plain;
  return newer;
}

std::vector<Alert> FromEvent(const AlertEvent& event, WallTime now) {
  std::vector<Alert> alerts;
  Alert alert;
  alert.labels = event.labels;
  alert.annotations = event.annotations;
  alert.starts_at = event.fired_at;
  alert.valid_until = event.valid_until;
  alert.generator_url = event.generator_url;
  if (event.state == AlertState::kInactive) {
    alert.ended_at = std::max(event.resolved_at, alert.starts_at);
  }
  if (event.replaced_labels && *event.replaced_labels != event.labels) {
    Alert ended = alert;
    ended.labels = *event.replaced_labels;
    ended.ended_at = std::max(now, ended.starts_at);
    if (ended.labels.Get("severity") != alert.labels.Get("severity")) alert.severity_since = now;
    alerts.push_back(std::move(ended));
  }
  alerts.push_back(std::move(alert));
  return alerts;
}

std::optional<Alert> FromRecord(const AlertRecord& record) {
  if (!record.sent_labels) return std::nullopt;
  Alert alert;
  alert.labels = *record.sent_labels;
  alert.annotations = record.annotations;
  alert.starts_at = record.status.fired_at;
  if (record.status.severity_at > alert.starts_at) {
    alert.severity_since = record.status.severity_at;
  }
  if (record.sent_resolved) {
    alert.ended_at = std::max(record.status.resolved_at.value_or(alert.starts_at), alert.starts_at);
  }
  return alert;
}

}  // namespace tocsin::notify
