#pragma once
// Silences as Alertmanager's v2 API writes and reads them.

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "notify/route/silences.h"

namespace tocsin::api {

void WriteSilence(const notify::Silence& silence, WallTime now, JsonWriter& json);

/// A postableSilence. Errors: kMalformed for what is no JSON or lacks a member, kInvalid for a
/// matcher or time that is none.
Result<notify::Silence> ReadSilence(std::string_view json);

}  // namespace tocsin::api
