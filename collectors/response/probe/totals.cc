#include "collectors/response/probe/totals.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parse.h"
#include "collectors/response/probe/families.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxCodes = 40;
constexpr std::size_t kMaxRecent = 1'024;

/// `labels` and a few more.
std::vector<LabelView> With(std::span<const LabelView> labels,
                            std::initializer_list<LabelView> more) {
  std::vector<LabelView> all(labels.begin(), labels.end());
  all.insert(all.end(), more);
  return all;
}

}  // namespace

void Totals::Add(const ProbeFacts& result, MonoTime now) {
  if (result.failure) {
    ++errors_;
    ++reasons_[static_cast<std::size_t>(result.failure->reason)];
  }
  const auto* http = std::get_if<HttpFacts>(&result.facts);
  const bool answered = result.success() || (http && http->status > 0);
  if (!answered) return;
  const std::string code = result.Code();
  ++codes_[codes_.size() < kMaxCodes || codes_.count(code) ? code : "other"];
  const double seconds = result.duration_seconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds <= kBounds[i]) ++cumulative_[i];
  }
  sum_ += seconds;
  ++count_;
  recent_.push_back({now, seconds});
  if (recent_.size() > kMaxRecent) recent_.erase(recent_.begin());
}

void Totals::Emit(std::span<const LabelView> labels, std::span<const LabelView> service_labels,
                  MonoTime now, FamilySink& out) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    if (reasons_[i] == 0) continue;
    const auto all = With(labels, {{"reason", ReasonText(static_cast<Reason>(i))}});
    out.Add(kFamilies[kFailuresTotal], all, reasons_[i]);
  }
  out.AddHistogram(shapes::kResponseTime, service_labels, {kBounds, cumulative_, sum_, count_});
  for (const auto& [code, count] : codes_) {
    out.Add(shapes::kResponses, With(service_labels, {{"code", code}}), count);
  }
  out.Add(shapes::kResponseErrors, service_labels, errors_);
  EmitQuantiles(service_labels, now, out);
}

void Totals::EmitQuantiles(std::span<const LabelView> service_labels, MonoTime now,
                           FamilySink& out) {
  const auto in_window = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& recent) {
    return now - recent.at <= window_;
  });
  recent_.erase(recent_.begin(), in_window);
  if (recent_.empty()) return;
  std::vector<double> sorted;
  sorted.reserve(recent_.size());
  for (const Recent& recent : recent_) sorted.push_back(recent.seconds);
  std::sort(sorted.begin(), sorted.end());
  const std::string window = FormatDuration(window_);
  constexpr std::array<std::pair<std::string_view, double>, 3> kQuantiles{
      {{"0.5", 0.5}, {"0.95", 0.95}, {"0.99", 0.99}}};
  for (const auto& [name, quantile] : kQuantiles) {
    const double rank = std::ceil(quantile * static_cast<double>(sorted.size()));  // nearest rank
    const double value = sorted[static_cast<std::size_t>(rank) - 1];
    out.Add(shapes::kResponseTimeQuantile,
            With(service_labels, {{"quantile", name}, {"window", window}}), value);
  }
}

}  // namespace tocsin::probe
