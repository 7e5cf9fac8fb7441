// Appending: how the rounds of a source become rows. source_blocks.cc has the rest.

#include "metrics/store/source_state.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "base/log.h"

namespace tocsin::store {
namespace {

constexpr std::int64_t kMaxLateMs = 60'000;
/// So far ahead, series of the last round are looked for that follow vanished ones; less far where
/// the one before was not found either, as that is one of many new ones.
constexpr std::size_t kLookAhead = 512;
constexpr std::size_t kShortLookAhead = 16;

bool SameName(const Layout& a, const SeriesMeta& in_a, const Layout& b, const SeriesMeta& in_b) {
  return in_a.suffix == in_b.suffix && a.families[in_a.family].name == b.families[in_b.family].name;
}

}  // namespace

Labels Round::FullLabels(std::size_t i) const {
  return layout ? layout->FullLabels(i) : labeled[i].labels.WithoutEmpty();
}

SourceState::~SourceState() { shared_.budget.Sub(accounted_); }

Labels SourceState::WithTarget(Labels labels) const {
  for (const LabelView target : limits_.target_labels) {
    if (!labels.Has(target.name)) labels = labels.With(target.name, target.value);
  }
  return labels;
}

void SourceState::SetLimits(SourceLimits limits) {
  const MutexLock lock(mutex_);
  limits_ = std::move(limits);
}

void SourceState::Account() {
  const std::size_t now =
      sizeof(SourceState) + name_.capacity() + slot_of_.capacity() * sizeof(SlotIndex) +
      labels_.capacity() * sizeof(Labels) + blocks_.capacity() * sizeof(Ref<Block>);
  shared_.budget.Add(now);
  shared_.budget.Sub(accounted_);
  accounted_ = now;
}

bool SourceState::SameSeries(const Round& round) const {
  // What came too early after another source's end will be in time soon.
  if (refused_[static_cast<std::size_t>(DropReason::kOutOfOrder)] > 0) return false;
  if (round.layout) return round.layout == layout_;
  if (layout_ || labels_.size() != round.labeled.size()) return false;
  return std::equal(labels_.begin(), labels_.end(), round.labeled.begin(),
                    [](const Labels& a, const LabeledValue& b) { return a == b.labels; });
}

/// The round is so far back that the clock was set back, rather than that it came late.
bool SourceState::SetBack(std::int64_t t_ms) const { return last_ms_ - t_ms > kMaxLateMs; }

SourceState::Outcome SourceState::Append(const Round& round) {
  const MutexLock lock(mutex_);
  if (round.size() == 0 && !open_) {  // an alert that does not fire
    Counters::Add(shared_.counters.rounds, 1);
    return Outcome::kDone;
  }
  if (round.t_ms <= last_ms_) {
    if (SetBack(round.t_ms)) return Outcome::kNeedsMapping;
    shared_.counters.Drop(DropReason::kOutOfOrder, round.size());
    return Outcome::kDone;
  }
  CloseIfDue(round.t_ms);
  if (!SameSeries(round)) return Outcome::kNeedsMapping;
  EnsureOpen();
  if (const Outcome outcome = WriteValues(round); outcome != Outcome::kDone) return outcome;
  Commit(round, 0);
  return Outcome::kDone;
}

SourceState::Outcome SourceState::AppendMapped(const Round& round, SeriesIndex& index) {
  const MutexLock lock(mutex_);
  if (round.t_ms <= last_ms_) {
    if (!SetBack(round.t_ms)) {
      shared_.counters.Drop(DropReason::kOutOfOrder, round.size());
      return Outcome::kDone;
    }
    StepBack(round.t_ms, index);
  }
  CloseIfDue(round.t_ms);
  EnsureOpen();
  std::vector<bool> used;
  Map(round, index, used);
  if (const Outcome outcome = WriteValues(round); outcome != Outcome::kDone) {
    Forget();  // what is missing from this round has not ended yet
    return outcome;
  }
  Commit(round, End(round.t_ms, used, OpenBlock::Ending::kStale, index));
  return Outcome::kDone;
}

SourceState::Outcome SourceState::WriteValues(const Round& round) {
  const auto write = [&](std::size_t i, double value) REQUIRES(mutex_) {
    const SlotIndex slot = slot_of_[i];
    return slot == kNoSlot || open_->Write(slot, std::bit_cast<std::uint64_t>(value));
  };
  const std::size_t n = slot_of_.size();
  if (round.layout) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!write(i, round.values[i])) return Outcome::kNoRoom;
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      if (!write(i, round.labeled[i].value)) return Outcome::kNoRoom;
    }
  }
  return Outcome::kDone;
}

void SourceState::Commit(const Round& round, std::size_t ended) {
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (refused_[i] > 0) shared_.counters.Drop(static_cast<DropReason>(i), refused_[i]);
  }
  Counters::Add(shared_.counters.rounds, 1);
  if (mapped_ == 0 && ended == 0) return;  // a row without samples says nothing
  open_->CommitRow(round.t_ms);
  last_ms_ = round.t_ms;
  Counters::Add(shared_.counters.appended, mapped_ + ended);
}

void SourceState::Map(const Round& round, SeriesIndex& index, std::vector<bool>& used) {
  const Ref<const Layout> old_layout = layout_;
  const std::vector<Labels> old_labels = std::move(labels_);
  const std::vector<SlotIndex> old_slots = std::move(slot_of_);
  const auto same = [&](std::size_t old, std::size_t i) {
    if (!round.layout) return !old_layout && old_labels[old] == round.labeled[i].labels;
    if (!old_layout) return false;
    const SeriesMeta& a = old_layout->series[old];
    const SeriesMeta& b = round.layout->series[i];
    return a.labels == b.labels && SameName(*old_layout, a, *round.layout, b);
  };

  Forget();
  slot_of_.reserve(round.size());
  used.assign(open_->slots(), false);
  std::size_t old = 0;  // the series of the last round that is expected here
  std::size_t reach = kLookAhead;
  for (std::size_t i = 0; i < round.size(); ++i) {
    SlotIndex slot = kNoSlot;
    const std::size_t last = std::min(old + reach, old_slots.size());
    std::size_t found = old;
    while (found < last && !same(found, i)) ++found;
    reach = found < last ? kLookAhead : kShortLookAhead;
    if (found < last) {
      slot = old_slots[found];
      old = found + 1;
    }
    DropReason refused = DropReason::kDuplicate;
    if (slot == kNoSlot || !open_->Active(slot)) {
      slot = Resolve(WithTarget(round.FullLabels(i)), round.t_ms, index, refused);
    }
    if (slot != kNoSlot) {
      used.resize(open_->slots());
      if (used[slot]) {
        slot = kNoSlot;
        refused = DropReason::kDuplicate;
      }
    }
    slot_of_.push_back(slot);
    if (slot == kNoSlot) {
      ++refused_[static_cast<std::size_t>(refused)];
      WarnOnce(refused);
      continue;
    }
    used[slot] = true;
    ++mapped_;
  }

  layout_ = round.layout;
  if (!layout_) {
    labels_.reserve(round.labeled.size());
    for (const LabeledValue& value : round.labeled) labels_.push_back(value.labels);
  }
  Account();
}

SourceState::SlotIndex SourceState::Resolve(const Labels& labels, std::int64_t t_ms,
                                            SeriesIndex& index, DropReason& refused) {
  std::optional<SeriesRef> ref = index.Find(labels);
  if (ref) {
    Series& series = index[*ref];
    if (series.active && series.source != id_) {
      refused = DropReason::kDuplicate;
      return kNoSlot;
    }
    if (!series.active && series.last_ms >= t_ms) {
      refused = DropReason::kOutOfOrder;
      return kNoSlot;
    }
  }
  if (mapped_ >= limits_.max_series) {
    refused = DropReason::kSourceLimit;
    return kNoSlot;
  }
  if (!ref) {
    if (const auto refusal = index.Refusal(labels, shared_.options)) {
      refused = *refusal;
      return kNoSlot;
    }
    ref = index.Add(labels);
    index[*ref].first_ms = t_ms;
    index[*ref].source = id_;
    Counters::Add(shared_.counters.series_created, 1);
  }
  Series& series = index[*ref];
  if (series.source != id_) {
    series.source = id_;
    series.moved = true;
  }
  series.active = true;
  const std::optional<SlotIndex> slot = open_->FindSlot(*ref);
  return slot ? *slot : open_->AddSlot(*ref);
}

std::size_t SourceState::End(std::int64_t t_ms, const std::vector<bool>& except,
                             OpenBlock::Ending ending, SeriesIndex& index) {
  std::size_t ended = 0;
  for (SlotIndex slot = 0; slot < open_->slots(); ++slot) {
    if (!open_->Active(slot) || (slot < except.size() && except[slot])) continue;
    open_->End(slot, ending);
    Series& series = index[open_->RefOf(slot)];
    series.active = false;
    series.last_ms = t_ms;
    ++ended;
  }
  return ended;
}

/// The next round is mapped anew.
void SourceState::Forget() {
  layout_ = nullptr;
  labels_.clear();
  slot_of_.clear();
  mapped_ = 0;
  refused_ = {};
}

void SourceState::WarnOnce(DropReason reason) {
  if (warned_ || reason == DropReason::kOutOfOrder) return;
  warned_ = true;
  LogWarn("store: some series of a source are not kept; later ones are only counted",
          {{"source", name_}, {"reason", std::string(DropReasonText(reason))}});
}

void SourceState::DropRound(const Round& round, DropReason reason) {
  const MutexLock lock(mutex_);
  shared_.counters.Drop(reason, round.size());
  WarnOnce(reason);
}

void SourceState::MarkStale(std::int64_t t_ms, SeriesIndex& index) {
  const MutexLock lock(mutex_);
  if (!open_) return;
  if (t_ms <= last_ms_) t_ms = last_ms_ + 1;
  CloseIfDue(t_ms);
  EnsureOpen();
  const std::size_t ended = End(t_ms, {}, OpenBlock::Ending::kStale, index);
  if (ended == 0) return;
  Forget();
  open_->CommitRow(t_ms);
  last_ms_ = t_ms;
  Counters::Add(shared_.counters.appended, ended);
}

void SourceState::Abandon(SeriesIndex& index) {
  const MutexLock lock(mutex_);
  if (!open_) return;
  End(last_ms_, {}, OpenBlock::Ending::kSilent, index);
  Forget();
  warned_ = false;
}

/// The clock was set back to `t_ms`: nothing can be appended before what lies after it is gone.
void SourceState::StepBack(std::int64_t t_ms, SeriesIndex& index) {
  LogWarn("store: the clock was set back; samples that lie in the future now are dropped",
          {{"source", name_}, {"by_ms", std::to_string(last_ms_ - t_ms)}});
  if (open_ && open_->rows() > 0) {
    const auto times = open_->times();
    const auto kept = std::lower_bound(times.begin(), times.end(), t_ms) - times.begin();
    open_->Truncate(static_cast<std::size_t>(kept));
    Close();
  }
  while (!blocks_.empty() && blocks_.back()->max_ms() >= t_ms) {
    blocks_.back()->Evict();
    blocks_.pop_back();
  }
  last_ms_ = blocks_.empty() ? INT64_MIN : blocks_.back()->max_ms();
  for (SeriesRef ref = 0; ref < index.RefEnd(); ++ref) {
    Series& series = index[ref];
    if (series.source != id_) continue;
    series.first_ms = std::min(series.first_ms, t_ms);
    series.last_ms = std::min(series.last_ms, t_ms - 1);
  }
}

}  // namespace tocsin::store
