#include "rules/leak_tracker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace tocsin {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr milliseconds kRestartsKept = std::chrono::hours(24);
constexpr std::size_t kMostRestarts = 200;
/// Start times move with corrections of the clock; a restarted process is younger by more. Ids of
/// cgroups differ by more as well: each of its files takes one.
constexpr double kStartTimeSlack = 2;
/// A process that lived at least so long without growing tells what the next will hold.
constexpr std::int64_t kSettlingSeconds = 2 * 3600;
/// How often what grows beside a leak is read.
constexpr milliseconds kBesideInterval = std::chrono::minutes(5);
/// How often, in rounds, lost series are looked for.
constexpr std::uint32_t kForgetRounds = 16;
/// Scaled time begins anew after so many seconds, so that bucket numbers fit.
constexpr double kScaledEpoch = 1e8;
/// A series that falls is judged by what is gone of this many times its first value.
constexpr double kFallBase = 2;

milliseconds FromSeconds(double seconds) {
  constexpr double kMost = 1e12;
  return milliseconds(static_cast<std::int64_t>(std::clamp(seconds, -kMost, kMost) * 1000));
}

}  // namespace

struct LeakTracker::Series {
  struct Evidence {
    std::vector<BesideReading> beside;
    WallTime beside_at{};
    std::vector<std::int64_t> restarts_ms;
  };

  trend::Detector detector;
  double restart = kUnknown;
  double limit = kUnknown;
  double base = 0;
  float settled = std::numeric_limits<float>::quiet_NaN();
  std::uint32_t round = 0;
  std::uint32_t times = 0;
  std::array<std::uint32_t, 4> hints{};  // limit, total, work, restart
  std::int64_t begun_ms = 0;             // unknown of one that was restored: long ago
  std::int64_t seen_ms = 0;
  bool limit_of_cgroup = false;
  std::unique_ptr<Evidence> evidence;  // few have any

  bool Lost(std::int64_t now_ms) const {
    const std::int64_t patience =
        std::clamp<std::int64_t>(seen_ms - begun_ms, kForgetSoonest.count(), kForgetAfter.count());
    return now_ms - seen_ms > patience;
  }
  std::int64_t Life() const { return detector.last_seconds() - detector.first_seconds(); }
  /// Long enough there, and not growing.
  bool HasSettled() const {
    return detector.state() == trend::LeakState::kHealthy && Life() >= kSettlingSeconds;
  }
  float Floor() const {
    const std::vector<double> floors = detector.Floors();
    return floors.empty() ? std::numeric_limits<float>::quiet_NaN()
                          : static_cast<float>(floors.back());
  }
  Evidence& NeedEvidence() {
    if (!evidence) evidence = std::make_unique<Evidence>();
    return *evidence;
  }
};

LeakTracker::LeakTracker(std::string rule, std::shared_ptr<const LeakSpec> spec, double time_scale)
    : rule_(std::move(rule)), spec_(std::move(spec)), time_scale_(time_scale) {}
LeakTracker::~LeakTracker() = default;
LeakTracker::LeakTracker(LeakTracker&&) noexcept = default;

std::int64_t LeakTracker::DetectorSeconds(WallTime at) const {
  if (time_scale_ == 1) return ToMillis(at) / 1000;
  return static_cast<std::int64_t>(std::fmod(ToSeconds(at), kScaledEpoch) * time_scale_);
}

WallTime LeakTracker::RealTime(std::int64_t detector_seconds, WallTime now) const {
  const auto ago = static_cast<double>(DetectorSeconds(now) - detector_seconds);
  return now - FromSeconds(ago / time_scale_);
}

LeakTracker::Series* LeakTracker::Follow(const Labels& labels) {
  const auto known = series_.find(labels);
  if (known != series_.end()) return known->second.get();
  const bool excluded = std::any_of(
      spec_->exclude.begin(), spec_->exclude.end(), [&](const std::vector<Matcher>& selector) {
        return std::all_of(selector.begin(), selector.end(),
                           [&](const Matcher& matcher) { return matcher.Matches(labels); });
      });
  if (series_.size() >= kMaxSeries) return nullptr;
  auto& slot = series_[labels];
  if (excluded) return nullptr;
  slot = std::make_unique<Series>();
  ++followed_;
  return slot.get();
}

Status LeakTracker::Update(const LeakInputs& inputs, WallTime now) {
  ++round_;
  const SettledSiblings siblings = FindSettled();
  for (const promql::VectorSample& sample : inputs.series) {
    if (Series* series = Follow(sample.labels)) Read(*series, sample, inputs, siblings, now);
  }
  // Excluded ones that are still there are looked at anew.
  if (round_ % kForgetRounds == 0) {
    const std::int64_t now_ms = ToMillis(now);
    std::erase_if(series_, [now_ms](const auto& entry) {
      return !entry.second || entry.second->Lost(now_ms);
    });
    followed_ = series_.size();
  }
  if (inputs.series.size() > kMaxSeries) {
    return Error{Errc::kLimit, "follows " + std::to_string(kMaxSeries) + " of " +
                                   std::to_string(inputs.series.size()) +
                                   " series; choose fewer, or exclude some"};
  }
  return Unit{};
}

double LeakTracker::LimitOf(Series& series, const LeakInputs& inputs, const Labels& labels) const {
  switch (spec_->limit_kind) {
    case LeakSpec::LimitKind::kNumber:
      return spec_->limit_number;
    case LeakSpec::LimitKind::kFalls:
      return series.base - spec_->limit_number;
    case LeakSpec::LimitKind::kExpr:
      return inputs.limit.Of(labels, series.hints[0]);
    case LeakSpec::LimitKind::kAuto:
      break;
  }
  const double of_cgroup = inputs.limit.Of(labels, series.hints[0]);
  const double of_host = inputs.total.Of(labels, series.hints[1]);
  // A cgroup may be allowed more than there is.
  series.limit_of_cgroup = of_cgroup > 0 && !(of_cgroup >= of_host);
  return series.limit_of_cgroup ? of_cgroup : of_host;
}

void LeakTracker::NoteRestart(Series& series, double restart, WallTime now) {
  if (std::isnan(restart)) return;
  const bool another = std::fabs(restart - series.restart) > kStartTimeSlack;  // false if unknown
  series.restart = restart;
  if (!another) return;
  // Others would make a busy host write its state at every evaluation.
  if (series.detector.state() == trend::LeakState::kConfirmed) ++changes_;
  Series::Evidence& evidence = series.NeedEvidence();
  if (evidence.restarts_ms.size() == kMostRestarts) {
    evidence.restarts_ms.erase(evidence.restarts_ms.begin());
  }
  evidence.restarts_ms.push_back(ToMillis(now));
  evidence.beside.clear();
  series.settled = series.HasSettled() ? series.Floor() : std::numeric_limits<float>::quiet_NaN();
  series.detector.Reset();
}

std::string LeakTracker::SiblingKey(const Labels& labels) const {
  std::string key;
  for (const std::string& name : spec_->siblings) key.append(labels.Get(name)).push_back('\0');
  return key;
}

LeakTracker::SettledSiblings LeakTracker::FindSettled() const {
  SettledSiblings found;
  if (spec_->siblings.empty()) return found;
  for (const auto& [labels, series] : series_) {
    if (!series || !series->HasSettled()) continue;
    Settled& longest = found[SiblingKey(labels)];
    if (series->Life() > longest.life) longest = {series->Life(), series->Floor()};
  }
  return found;
}

float LeakTracker::SettledOf(const Series& series, const Labels& labels,
                             const SettledSiblings& siblings) const {
  if (siblings.empty()) return series.settled;
  const auto sibling = siblings.find(SiblingKey(labels));
  if (sibling == siblings.end() || sibling->second.life <= series.Life()) return series.settled;
  return std::fmax(series.settled, sibling->second.floor);  // of the known ones
}

void LeakTracker::Read(Series& series, const promql::VectorSample& sample, const LeakInputs& inputs,
                       const SettledSiblings& siblings, WallTime now) {
  series.round = round_;
  if (series.seen_ms == 0) series.begun_ms = ToMillis(now);
  series.seen_ms = ToMillis(now);
  if (!inputs.restart.empty()) {
    NoteRestart(series, inputs.restart.Of(sample.labels, series.hints[3]), now);
  }
  double value = sample.value;
  if (spec_->limit_kind == LeakSpec::LimitKind::kFalls) {
    if (value > series.base) {  // the first value, or there is much more of it again
      series.base = kFallBase * value;
      series.detector.Reset();
    }
    value = series.base - value;
  }
  series.limit = LimitOf(series, inputs, sample.labels);
  const bool leaked = series.detector.state() == trend::LeakState::kConfirmed;
  const auto found = series.detector.Push({.t_seconds = DetectorSeconds(now),
                                           .value = value,
                                           .limit = series.limit,
                                           .work = inputs.work.Of(sample.labels, series.hints[2]),
                                           .settled = SettledOf(series, sample.labels, siblings)},
                                          spec_->options);
  if (found && !leaked) ++series.times;
  if (leaked != (series.detector.state() == trend::LeakState::kConfirmed)) ++changes_;
}

milliseconds LeakTracker::Left(const trend::Leak& leak, double eta, WallTime now) const {
  const auto age = static_cast<double>(DetectorSeconds(now) - leak.forecast_at);
  return FromSeconds(std::max(0.0, (eta - age) / time_scale_));
}

std::vector<promql::VectorSample> LeakTracker::TimesLeft(WallTime now) const {
  std::vector<promql::VectorSample> left;
  left.reserve(followed_);
  for (const auto& [labels, series] : series_) {
    if (!series || series->round != round_) continue;
    const auto leak = series->detector.leak();
    left.push_back({labels, ToMillis(now), leak ? ToSeconds(Left(*leak, leak->eta, now)) : kNever});
  }
  return left;
}

std::vector<LeakTracker::BesideWanted> LeakTracker::TakeBesideWanted(WallTime now) {
  std::vector<BesideWanted> wanted;
  if (spec_->beside.empty()) return wanted;
  for (const auto& [labels, series] : series_) {
    if (!series || series->detector.state() != trend::LeakState::kConfirmed) continue;
    Series::Evidence& evidence = series->NeedEvidence();
    if (!evidence.beside.empty() && now - evidence.beside_at < kBesideInterval) continue;
    evidence.beside_at = now;
    wanted.push_back({labels, RealTime(series->detector.leak()->growing_since, now)});
  }
  return wanted;
}

void LeakTracker::PutBeside(const Labels& labels, std::vector<BesideReading> readings) {
  const auto known = series_.find(labels);
  if (known == series_.end() || !known->second) return;
  known->second->NeedEvidence().beside = std::move(readings);
}

LeakFinding LeakTracker::Describe(const Labels& labels, const Series& series, WallTime now) const {
  LeakFinding finding;
  finding.rule = rule_;
  finding.kind = spec_->kind;
  finding.unit = spec_->unit;
  finding.labels = labels;
  finding.state = series.detector.state();
  finding.present = series.round == round_;
  finding.falls = spec_->limit_kind == LeakSpec::LimitKind::kFalls;
  finding.limit = finding.falls ? spec_->limit_number : series.limit;
  switch (spec_->limit_kind) {
    case LeakSpec::LimitKind::kNumber:
    case LeakSpec::LimitKind::kFalls:
      finding.limit_source = "the rule";
      break;
    case LeakSpec::LimitKind::kExpr:
      finding.limit_source = spec_->limit_text;
      break;
    case LeakSpec::LimitKind::kAuto:
      finding.limit_source =
          series.limit_of_cgroup ? "memory.max of its cgroup" : "the host's MemTotal";
      break;
  }
  finding.times = series.times;
  if (series.evidence) {
    finding.beside = series.evidence->beside;
    const std::int64_t since = ToMillis(now - kRestartsKept);
    finding.restarts = static_cast<std::uint32_t>(
        std::count_if(series.evidence->restarts_ms.begin(), series.evidence->restarts_ms.end(),
                      [since](std::int64_t at) { return at >= since; }));
  }
  const auto leak = series.detector.leak();
  if (!leak) return finding;
  const auto shown = [&](double floor) { return finding.falls ? series.base - floor : floor; };
  finding.since = RealTime(leak->growing_since, now);
  finding.confirmed_at = RealTime(leak->confirmed_at, now);
  finding.slope = leak->slope * time_scale_;
  finding.slope_low = leak->slope_low * time_scale_;
  finding.slope_high = leak->slope_high * time_scale_;
  finding.from = shown(leak->floor_from);
  finding.to = shown(leak->floor_to);
  finding.exhausted_in = Left(*leak, leak->eta, now);
  finding.exhausted_in_low = Left(*leak, leak->eta_low, now);
  finding.exhausted_in_high = Left(*leak, leak->eta_high, now);
  finding.tau = leak->tau;
  finding.signal = leak->signal;
  finding.recent = leak->recent;
  finding.buckets = leak->buckets;
  finding.bucket = FromSeconds(leak->bucket_seconds / time_scale_);
  finding.explanation = leak->explanation;
  for (const double floor : series.detector.Floors()) finding.floors.push_back(shown(floor));
  return finding;
}

std::size_t LeakTracker::HeapBytes() const {
  constexpr std::size_t kNode = sizeof(Labels) + 3 * sizeof(void*);
  std::size_t bytes = 0;
  for (const auto& [labels, series] : series_) {
    bytes += kNode;
    if (series) bytes += sizeof(Series) + series->detector.HeapBytes();
  }
  return bytes;
}

std::optional<LeakFinding> LeakTracker::Find(const Labels& labels, WallTime now) const {
  const auto known = series_.find(labels);
  if (known == series_.end() || !known->second) return std::nullopt;
  return Describe(labels, *known->second, now);
}

std::vector<LeakFinding> LeakTracker::FindAll(WallTime now) const {
  std::vector<LeakFinding> findings;
  findings.reserve(followed_);
  for (const auto& [labels, series] : series_) {
    if (series) findings.push_back(Describe(labels, *series, now));
  }
  return findings;
}

void LeakTracker::TakeFrom(LeakTracker& old) {
  // What was excluded may no longer be, and the other way round.
  for (auto& [labels, series] : old.series_) {
    if (!series) continue;
    if (Series* followed = Follow(labels)) *followed = std::move(*series);
  }
  round_ = old.round_;
  old.series_.clear();
  old.followed_ = 0;
}

void LeakTracker::Export(std::vector<LeakRecord>& records) const {
  for (const auto& [labels, series] : series_) {
    if (!series) continue;
    LeakRecord record;
    record.labels = labels;
    record.detector = series->detector.Export();
    if (series->evidence) record.restarts_ms = series->evidence->restarts_ms;
    record.times = series->times;
    record.restart = series->restart;
    record.settled = series->settled;
    record.base = series->base;
    record.seen_ms = series->seen_ms;
    records.push_back(std::move(record));
  }
}

bool LeakTracker::Restore(const LeakRecord& record, WallTime now) {
  auto detector = trend::Detector::Import(record.detector);
  if (!detector || detector->last_seconds() > DetectorSeconds(now)) return false;
  // A leak that was confirmed is looked at again, however long the agent was away: forgetting it
  // would end its alert.
  const bool leaks = detector->state() == trend::LeakState::kConfirmed;
  if (record.seen_ms < ToMillis(now - (leaks ? kRememberLeaks : kForgetAfter))) return false;
  Series* series = Follow(record.labels);
  if (!series) return false;
  series->detector = *std::move(detector);
  if (!record.restarts_ms.empty()) series->NeedEvidence().restarts_ms = record.restarts_ms;
  series->times = record.times;
  series->restart = record.restart;
  series->settled = static_cast<float>(record.settled);
  series->base = record.base;
  series->seen_ms = leaks ? ToMillis(now) : record.seen_ms;
  return true;
}

}  // namespace tocsin
