#include "notify/route/silences.h"

#include <algorithm>

#include "notify/uuid.h"

namespace tocsin::notify {
namespace {

/// Whether it leaves no label out. One that excludes a value does, as Alertmanager sees it: "all
/// but these" may be silenced.
bool MatchesAnything(const Matcher& matcher) {
  const bool excludes = matcher.op() == MatchOp::kNotEqual || matcher.op() == MatchOp::kNotRegex;
  return !excludes && matcher.MatchesEmpty();
}

Status Validate(const Silence& silence) {
  if (silence.matchers.empty()) return Error{Errc::kInvalid, "at least one matcher required"};
  if (std::all_of(silence.matchers.begin(), silence.matchers.end(), MatchesAnything)) {
    return Error{Errc::kInvalid, "at least one matcher must not match the empty string"};
  }
  if (silence.ends_at < silence.starts_at) {
    return Error{Errc::kInvalid, "end time must not be before start time"};
  }
  return Unit{};
}

bool SameMatchers(const Matchers& a, const Matchers& b) {
  return MatchersText(a) == MatchersText(b);
}

/// What may change in place: a pending silence in all but its start before now; an active one only
/// in its end; an expired one in nothing.
bool MayUpdate(const Silence& old, const Silence& silence, WallTime now) {
  if (!SameMatchers(old.matchers, silence.matchers)) return false;
  switch (old.StateAt(now)) {
    case SilenceState::kActive:
      return silence.starts_at == old.starts_at && silence.ends_at >= now;
    case SilenceState::kPending:
      return silence.starts_at >= now;
    case SilenceState::kExpired:
      return false;
  }
  return false;
}

}  // namespace

std::string_view SilenceStateText(SilenceState state) {
  switch (state) {
    case SilenceState::kPending:
      return "pending";
    case SilenceState::kActive:
      return "active";
    case SilenceState::kExpired:
      return "expired";
  }
  return "";
}

SilenceState Silence::StateAt(WallTime now) const {
  if (now < starts_at) return SilenceState::kPending;
  return now > ends_at ? SilenceState::kExpired : SilenceState::kActive;
}

void Silences::Store(Silence silence) {
  if (changed_) changed_(silence.id, silence);
  by_id_[silence.id] = std::move(silence);
}

Result<std::string> Silences::Set(Silence silence, WallTime now) {
  SortMatchers(silence.matchers);
  silence.updated_at = now;
  bool replaces = false;  // one that is not over
  if (!silence.id.empty()) {
    const Silence* old = Find(silence.id);
    if (!old) return Error{Errc::kNotFound, "silence not found"};
    TRY(Validate(silence));
    if (MayUpdate(*old, silence, now)) {
      const std::string id = silence.id;
      Store(std::move(silence));
      return id;
    }
    replaces = old->StateAt(now) != SilenceState::kExpired;
  }
  silence.starts_at = std::max(silence.starts_at, now);
  TRY(Validate(silence));
  if (by_id_.size() >= kMax && !ForgetOldest(now)) {
    return Error{Errc::kLimit, "too many silences"};
  }
  // Only now: what is refused changes nothing.
  if (replaces) TRY(Expire(silence.id, now));
  silence.id = NewUuid();
  const std::string id = silence.id;
  Store(std::move(silence));
  return id;
}

Status Silences::Expire(const std::string& id, WallTime now) {
  const Silence* found = Find(id);
  if (!found) return Error{Errc::kNotFound, "silence not found"};
  Silence silence = *found;
  switch (silence.StateAt(now)) {
    case SilenceState::kExpired:
      return Error{Errc::kInvalid, "silence " + id + " already expired"};
    case SilenceState::kPending:
      silence.starts_at = now;
      [[fallthrough]];
    case SilenceState::kActive:
      silence.ends_at = now - milliseconds(1);  // an end is inclusive
  }
  silence.starts_at = std::min(silence.starts_at, silence.ends_at);
  silence.updated_at = now;
  Store(std::move(silence));
  return Unit{};
}

std::vector<std::string> Silences::Silencing(const Labels& labels, WallTime now) const {
  std::vector<std::string> ids;
  for (const auto& [id, silence] : by_id_) {
    if (silence.StateAt(now) == SilenceState::kActive && AllMatch(silence.matchers, labels)) {
      ids.push_back(id);
    }
  }
  return ids;
}

const Silence* Silences::Find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

/// Of those that have expired; false if none has.
bool Silences::ForgetOldest(WallTime now) {
  auto oldest = by_id_.end();
  for (auto it = by_id_.begin(); it != by_id_.end(); ++it) {
    if (it->second.StateAt(now) != SilenceState::kExpired) continue;
    if (oldest == by_id_.end() || it->second.ends_at < oldest->second.ends_at) oldest = it;
  }
  if (oldest == by_id_.end()) return false;
  if (changed_) changed_(oldest->first, std::nullopt);
  by_id_.erase(oldest);
  return true;
}

void Silences::Forget(WallTime now) {
  for (auto it = by_id_.begin(); it != by_id_.end();) {
    if (it->second.ends_at + kRetention < now) {
      if (changed_) changed_(it->first, std::nullopt);
      it = by_id_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace tocsin::notify
