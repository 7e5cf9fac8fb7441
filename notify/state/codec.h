#pragma once
// The bytes of the state database's blobs: see FORMAT.md. Reading never trusts them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "notify/alert.h"
#include "notify/route/acknowledgements.h"
#include "notify/route/silences.h"
#include "rules/alert_record.h"

namespace tocsin::notify {

std::string EncodeMessage(const Message& message);
std::optional<Message> DecodeMessage(std::string_view bytes);

/// Without `at.mono`, which means nothing after a restart.
std::string EncodeLogEntry(const LogEntry& entry);
std::optional<LogEntry> DecodeLogEntry(std::string_view bytes);

std::string EncodeSilence(const Silence& silence);
std::optional<Silence> DecodeSilence(std::string_view bytes);

std::string EncodeAcknowledgement(const Acknowledgement& acknowledgement);
std::optional<Acknowledgement> DecodeAcknowledgement(std::string_view bytes);

std::string EncodeAlertRecord(const AlertRecord& record);
std::optional<AlertRecord> DecodeAlertRecord(std::string_view bytes);

/// True if the alert fires and nothing about it is being waited for.
bool IsSteady(const AlertRecord& record);
/// Changes when what must be on disk does. Of a steady alert that is not what every evaluation
/// changes and the next one makes good: value, annotations, time since it was sent.
std::uint64_t DigestAlertRecord(const AlertRecord& record);

}  // namespace tocsin::notify
