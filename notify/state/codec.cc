#include "notify/state/codec.h"

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>
#include <vector>

namespace tocsin::notify {
namespace {

constexpr std::uint64_t kVersion = 1;

/// Writes fields. Has the same calls as Reader, so that one function per type does for both
/// directions and they cannot drift apart.
class Writer {
 public:
  std::string bytes;

  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes.push_back(static_cast<char>(value | 0x80U));
    bytes.push_back(static_cast<char>(value));
  }
  void Field(const std::uint64_t& value) { Number(value); }
  void Field(const std::int64_t& value) {
    Number(static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63U));
  }
  void Field(const bool& value) { Number(value ? 1 : 0); }
  void Field(const double& value) { Number(std::bit_cast<std::uint64_t>(value)); }
  void Field(const std::string& text) {
    Number(text.size());
    bytes += text;
  }
  void Field(const Labels& labels) {
    Number(labels.size());
    for (const LabelView label : labels) {
      Field(std::string(label.name));
      Field(std::string(label.value));
    }
  }
  void Field(const Matchers& matchers) {
    Number(matchers.size());
    for (const Matcher& matcher : matchers) {
      Number(static_cast<std::uint64_t>(matcher.op()));
      Field(matcher.name());
      Field(matcher.value());
    }
  }
  template <class Enum>
  void EnumField(const Enum& value, Enum) {
    Number(static_cast<std::uint64_t>(value));
  }
  void Field(const WallTime& time) { Field(ToMillis(time)); }
  void Field(const milliseconds& duration) { Field(std::int64_t{duration.count()}); }
  template <class T>
  void Field(const std::optional<T>& value) {
    Field(value.has_value());
    if (value) Field(*value);
  }
  /// The last field of a value that older ones do not have: only there if true.
  void LastFlag(const bool& value) {
    if (value) Field(value);
  }
  template <class T, class Each>
  void List(const std::vector<T>& list, Each each) {
    Number(list.size());
    for (const T& element : list) each(element);
  }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && bytes_.empty(); }

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void Field(std::uint64_t& value) { value = Number(); }
  void Field(std::int64_t& value) {
    const std::uint64_t raw = Number();
    value = static_cast<std::int64_t>(raw >> 1U ^ (~(raw & 1U) + 1));
  }
  void Field(bool& value) { value = Number() != 0; }
  void LastFlag(bool& value) { value = !bytes_.empty() && Number() != 0; }
  void Field(double& value) { value = std::bit_cast<double>(Number()); }
  void Field(std::string& text) {
    const std::uint64_t size = Number();
    if (size > bytes_.size()) {
      ok_ = false;
      return;
    }
    text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
  }
  void Field(Labels& labels) {
    LabelsBuilder builder;
    std::string name;
    std::string value;
    for (std::uint64_t left = Number(); ok_ && left > 0; --left) {
      Field(name);
      Field(value);
      builder.Set(name, value);
    }
    labels = builder.Build();
  }
  void Field(Matchers& matchers) {
    matchers.clear();
    for (std::uint64_t left = Number(); ok_ && left > 0; --left) {
      MatchOp op{};
      std::string name;
      std::string value;
      EnumField(op, MatchOp::kNotRegex);
      Field(name);
      Field(value);
      auto matcher = ok_ ? Matcher::Make(op, name, value) : Error{Errc::kMalformed, ""};
      if (matcher) {
        matchers.push_back(*std::move(matcher));
      } else {
        ok_ = false;
      }
    }
  }
  template <class Enum>
  void EnumField(Enum& value, Enum last) {
    const std::uint64_t raw = Number();
    ok_ = ok_ && raw <= static_cast<std::uint64_t>(last);
    if (ok_) value = static_cast<Enum>(raw);
  }
  void Field(WallTime& time) {
    std::int64_t ms = 0;
    Field(ms);
    time = FromMillis(ms);
  }
  void Field(milliseconds& duration) {
    std::int64_t ms = 0;
    Field(ms);
    duration = milliseconds(ms);
  }
  template <class T>
  void Field(std::optional<T>& value) {
    bool present = false;
    Field(present);
    value.reset();
    if (present && ok_) Field(value.emplace());
  }
  template <class T, class Each>
  void List(std::vector<T>& list, Each each) {
    list.clear();
    // An element takes at least a byte: a lying count ends at the end of the bytes.
    for (std::uint64_t left = Number(); ok_ && left > 0; --left) each(list.emplace_back());
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

/// Sums fields up instead of writing them: the same calls again.
class Digest {
 public:
  std::uint64_t sum = 0;

  void Number(std::uint64_t value) {
    // splitmix64's finaliser: every bit in changes every bit out.
    std::uint64_t x = sum ^ (value + 0x9e3779b97f4a7c15U);
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    sum = x ^ (x >> 31U);
  }
  void Field(std::uint64_t value) { Number(value); }
  void Field(bool value) { Number(value ? 1 : 0); }
  void Field(double value) { Number(std::bit_cast<std::uint64_t>(value)); }
  void Field(const std::string& text) { Number(std::hash<std::string>{}(text)); }
  void Field(const Labels& labels) { Number(LabelsHash{}(labels)); }
  template <class Enum>
  void EnumField(const Enum& value, Enum) {
    Number(static_cast<std::uint64_t>(value));
  }
  void Field(WallTime time) { Number(static_cast<std::uint64_t>(ToMillis(time))); }
  void Field(milliseconds duration) { Number(static_cast<std::uint64_t>(duration.count())); }
  template <class T>
  void Field(const std::optional<T>& value) {
    Field(value.has_value());
    if (value) Field(*value);
  }
};

// One function a type, for both directions: `Io` is Writer with a const value, or Reader.

template <class Io, class AlertT>
void AlertFields(Io& io, AlertT& alert) {
  io.Field(alert.labels);
  io.Field(alert.annotations);
  io.Field(alert.starts_at);
  io.Field(alert.ended_at);
  io.Field(alert.valid_until);
  io.Field(alert.generator_url);
}

template <class Io, class EntryT>
void LogFields(Io& io, EntryT& entry) {
  io.List(entry.firing, [&](auto& fingerprint) { io.Field(fingerprint); });
  io.List(entry.resolved, [&](auto& fingerprint) { io.Field(fingerprint); });
  io.Field(entry.at.wall);
  io.Field(entry.keep_for);
}

template <class Io, class MessageT>
void MessageFields(Io& io, MessageT& message) {
  io.Field(message.key);
  io.Field(message.group.receiver);
  io.Field(message.group.key);
  io.Field(message.group.labels);
  io.List(message.alerts, [&](auto& alert) { AlertFields(io, alert); });
  io.Field(message.whole_group);
  io.Field(message.send_resolved);
  io.Field(message.acknowledge_url);
  LogFields(io, message.log);
}

template <class Io, class SilenceT>
void SilenceFields(Io& io, SilenceT& silence) {
  io.Field(silence.id);
  io.Field(silence.matchers);
  io.Field(silence.starts_at);
  io.Field(silence.ends_at);
  io.Field(silence.updated_at);
  io.Field(silence.created_by);
  io.Field(silence.comment);
}

template <class Io, class AcknowledgementT>
void AcknowledgementFields(Io& io, AcknowledgementT& acknowledgement) {
  io.Field(acknowledgement.by);
  io.Field(acknowledgement.comment);
  io.Field(acknowledgement.at);
  io.List(acknowledgement.firing, [&](auto& fingerprint) { io.Field(fingerprint); });
  // When is `at`; the monotonic time means nothing after a restart.
  bool withdrawn = acknowledgement.withdrawn.has_value();
  io.LastFlag(withdrawn);
  if constexpr (!std::is_const_v<AcknowledgementT>) {
    if (withdrawn) acknowledgement.withdrawn = MonoTime{};
  }
}

template <class Io, class StatusT>
void StatusFields(Io& io, StatusT& status) {
  io.EnumField(status.state, AlertState::kFiring);
  io.EnumField(status.severity, Severity::kCritical);
  for (auto& level : status.levels) {
    io.Field(level.on);
    io.Field(level.holding);
    io.Field(level.clearing);
    io.Field(level.held);
    io.Field(level.clear_for);
    io.Field(level.recent);
  }
  io.Field(status.no_data);
  io.Field(status.no_data_since);
  io.Field(status.active_at);
  io.Field(status.fired_at);
  io.Field(status.severity_at);
  io.Field(status.resolved_at);
}

template <class Io, class RecordT>
void RecordFields(Io& io, RecordT& record) {
  io.Field(record.file);
  io.Field(record.group);
  io.Field(record.rule_key);
  io.Field(record.identity);
  io.Field(record.source);
  io.Field(record.whole_rule);
  StatusFields(io, record.status);
  io.Field(record.value);
  io.Field(record.annotations);
  io.Field(record.sent_labels);
  io.Field(record.sent_resolved);
  io.Field(record.since_sent);
  io.Field(record.since_resolved);
  io.Field(record.ended_because);
}

template <class T, class Fields>
std::string Encode(const T& value, Fields fields) {
  Writer writer;
  writer.Number(kVersion);
  fields(writer, value);
  return std::move(writer.bytes);
}

template <class T, class Fields>
std::optional<T> Decode(std::string_view bytes, Fields fields) {
  Reader reader(bytes);
  if (reader.Number() != kVersion) return std::nullopt;
  T value;
  fields(reader, value);
  return reader.AtEnd() ? std::optional(std::move(value)) : std::nullopt;
}

}  // namespace

std::string EncodeMessage(const Message& message) {
  return Encode(message, [](auto& io, auto& value) { MessageFields(io, value); });
}
std::optional<Message> DecodeMessage(std::string_view bytes) {
  return Decode<Message>(bytes, [](auto& io, auto& value) { MessageFields(io, value); });
}
std::string EncodeLogEntry(const LogEntry& entry) {
  return Encode(entry, [](auto& io, auto& value) { LogFields(io, value); });
}
std::optional<LogEntry> DecodeLogEntry(std::string_view bytes) {
  return Decode<LogEntry>(bytes, [](auto& io, auto& value) { LogFields(io, value); });
}
std::string EncodeSilence(const Silence& silence) {
  return Encode(silence, [](auto& io, auto& value) { SilenceFields(io, value); });
}
std::optional<Silence> DecodeSilence(std::string_view bytes) {
  return Decode<Silence>(bytes, [](auto& io, auto& value) { SilenceFields(io, value); });
}
std::string EncodeAcknowledgement(const Acknowledgement& acknowledgement) {
  return Encode(acknowledgement, [](auto& io, auto& value) { AcknowledgementFields(io, value); });
}
std::optional<Acknowledgement> DecodeAcknowledgement(std::string_view bytes) {
  return Decode<Acknowledgement>(bytes,
                                 [](auto& io, auto& value) { AcknowledgementFields(io, value); });
}
std::string EncodeAlertRecord(const AlertRecord& record) {
  return Encode(record, [](auto& io, auto& value) { RecordFields(io, value); });
}
bool IsSteady(const AlertRecord& record) {
  const AlertStatus& status = record.status;
  return status.state == AlertState::kFiring && record.sent_labels && !record.sent_resolved &&
         !status.no_data &&
         std::all_of(status.levels.begin(), status.levels.end(), [](const LevelState& level) {
           return !level.clearing && (level.on || !level.holding);
         });
}

std::uint64_t DigestAlertRecord(const AlertRecord& record) {
  Digest digest;
  if (!IsSteady(record)) {
    RecordFields(digest, record);
    return digest.sum;
  }
  AlertRecord lasting = record;
  lasting.value = 0;
  lasting.annotations = {};
  lasting.since_sent = milliseconds(0);
  for (LevelState& level : lasting.status.levels) {
    level.held = milliseconds(0);
    level.recent = 0;
  }
  RecordFields(digest, lasting);
  return digest.sum;
}

std::optional<AlertRecord> DecodeAlertRecord(std::string_view bytes) {
  return Decode<AlertRecord>(bytes, [](auto& io, auto& value) { RecordFields(io, value); });
}

}  // namespace tocsin::notify
