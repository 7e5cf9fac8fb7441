#pragma once
// What notifications are made of.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/labels.h"
#include "rules/alert.h"
#include "rules/alert_record.h"
#include "rules/alert_state.h"

namespace tocsin::notify {

/// One alert as receivers see it. A value.
struct Alert {
  Labels labels;
  Labels annotations;
  WallTime starts_at{};
  std::optional<WallTime> ended_at;  // set: resolved
  /// Firing: until when receivers may believe it without hearing again.
  WallTime valid_until{};
  std::string generator_url;
  /// Since when it fires with this severity, where that is known to be later than starts_at.
  std::optional<WallTime> severity_since = {};

  bool resolved() const { return ended_at.has_value(); }
};

/// Alertmanager's identity of a label set: FNV-1a (64 bit) over the sorted labels, each name and
/// value followed by a byte 0xff.
std::uint64_t Fingerprint(const Labels& labels);
/// Sixteen hexadecimal digits, as its API shows it.
std::string FingerprintText(const Labels& labels);

/// `{a="b", c="d"}` with values quoted as Go quotes strings: Alertmanager's spelling of a label set
/// in group keys.
std::string GoLabelsText(const Labels& labels);

/// What a destination is told of a group.
struct LogEntry {
  std::vector<std::uint64_t> firing;    // fingerprints, sorted
  std::vector<std::uint64_t> resolved;  // fingerprints, sorted
  Moment at;                            // when it was delivered
  milliseconds keep_for{0};             // then it is forgotten
};

/// The group that a notification speaks for.
struct Group {
  std::string receiver;  // the receiver's name in the configuration
  std::string key;       // Alertmanager's groupKey: `{}/{a="b"}:{alertname="X"}`
  Labels labels;         // the labels grouped by
};

/// One thing to tell one destination. In a queue, a later message with the same key takes the
/// place of an earlier one.
struct Message {
  std::string key;  // what it is about, stable over restarts
  Group group;
  std::vector<Alert> alerts;
  /// True: `alerts` and `muted` are all there is in the group, so an alert that an earlier
  /// undelivered message had and this one lacks has ended.
  bool whole_group = false;
  /// False: the receiver is not told of ends, and resolved alerts are left out.
  bool send_resolved = true;
  /// Where whoever is told can say that he is at it; empty: nowhere.
  std::string acknowledge_url = {};
  LogEntry log = {};  // of a whole group: what is to be remembered once it is delivered
  /// Of a whole group: what fires in it (by fingerprint, sorted) and is silenced or inhibited. It
  /// is not told of and has not ended. Not kept over restarts: only what comes next has need of it.
  std::vector<std::uint64_t> muted = {};
  /// The receiver could not read it with its markup. Not kept over restarts.
  bool plain = false;
  /// Repeats what was delivered already (a resend): need not survive a crash.
  bool repetition = false;
};

/// What remains to be told when `newer` comes while `older` is undelivered: the newest state of
/// every alert of both (which may be nothing, if ends are not told). An alert that fired and ended
/// undelivered is told as resolved, once: late news rather than none.
Message Supersede(const Message& older, Message newer, WallTime now);

/// An evaluated alert as receivers see it; with it, as a resolved alert, the labels that it
/// replaces.
std::vector<Alert> FromEvent(const AlertEvent& event, WallTime now);

/// The alert as it was last sent before a restart; nothing if it never was.
std::optional<Alert> FromRecord(const AlertRecord& record);

}  // namespace tocsin::notify
