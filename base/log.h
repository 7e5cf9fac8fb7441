#pragma once
// Logging for every room. spdlog stays inside log.cc, so that no other file compiles its headers.
// Thread-safe. Messages say what happened and what follows from it, once, at the top.

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

struct LogField {
  std::string_view key;
  std::string value;
};

/// Until this is called, messages from kInfo up go to stderr as logfmt. Not thread-safe.
void ConfigureLog(LogLevel level, LogFormat format);

/// Errors: kInvalid, naming the words that are known.
Result<LogLevel> ParseLogLevel(std::string_view word);
Result<LogFormat> ParseLogFormat(std::string_view word);

/// One line: `ts=… level=info msg="…" key=value …`, or the same as a JSON object. Control
/// characters and invalid UTF-8 in `message` and values are escaped.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void LogDebug(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kDebug, m, f);
}
inline void LogInfo(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kInfo, m, f);
}
inline void LogWarn(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kWarn, m, f);
}
inline void LogError(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kError, m, f);
}

}  // namespace tocsin
