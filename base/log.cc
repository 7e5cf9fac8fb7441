#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <utility>

#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kFormats{"logfmt", "json"};

struct Logger {
  std::shared_ptr<spdlog::logger> out =
      std::make_shared<spdlog::logger>("tocsin", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  LogFormat format = LogFormat::kLogfmt;

  Logger() { Configure(LogLevel::kInfo, LogFormat::kLogfmt); }

  void Configure(LogLevel level, LogFormat f) {
    format = f;
    out->set_level(ToSpdlog(level));
    out->set_pattern(f == LogFormat::kJson ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                           : "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v",
                     spdlog::pattern_time_type::utc);
    out->flush_on(spdlog::level::debug);
  }

  static spdlog::level::level_enum ToSpdlog(LogLevel level) {
    switch (level) {
      case LogLevel::kDebug:
        return spdlog::level::debug;
      case LogLevel::kInfo:
        return spdlog::level::info;
      case LogLevel::kWarn:
        return spdlog::level::warn;
      case LogLevel::kError:
        return spdlog::level::err;
    }
    return spdlog::level::info;
  }
};

Logger& TheLogger() {
  static Logger logger;
  return logger;
}

template <std::size_t N>
Result<std::size_t> IndexOf(std::string_view word, const std::array<std::string_view, N>& words,
                            std::string_view what) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return i;
  }
  std::string known;
  for (const std::string_view w : words) known.append(known.empty() ? "" : ", ").append(w);
  return Error{Errc::kInvalid, "unknown log " + std::string(what) + " \"" + std::string(word) +
                                   "\": expected one of " + known};
}

void AppendLogfmtValue(std::string_view value, std::string& out) {
  const bool plain = !value.empty() && value.find_first_of(" =\"\\") == std::string_view::npos &&
                     IsValidUtf8(value) &&
                     value.find_first_of(std::string_view("\n\r\t\0", 4)) == std::string_view::npos;
  if (plain) {
    out += value;
  } else {
    AppendJsonString(value, out);
  }
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) { TheLogger().Configure(level, format); }

Result<LogLevel> ParseLogLevel(std::string_view word) {
  TRY_ASSIGN(const std::size_t i, IndexOf(word, kLevels, "level"));
  return static_cast<LogLevel>(i);
}

Result<LogFormat> ParseLogFormat(std::string_view word) {
  TRY_ASSIGN(const std::size_t i, IndexOf(word, kFormats, "format"));
  return static_cast<LogFormat>(i);
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  Logger& logger = TheLogger();
  const auto spd_level = Logger::ToSpdlog(level);
  if (!logger.out->should_log(spd_level)) return;
  std::string line;
  if (logger.format == LogFormat::kJson) {
    line += "\"msg\":";
    AppendJsonString(message, line);
    for (const LogField& field : fields) {
      line += ',';
      AppendJsonString(field.key, line);
      line += ':';
      AppendJsonString(field.value, line);
    }
  } else {
    line += "msg=";
    AppendJsonString(message, line);
    for (const LogField& field : fields) {
      line.append(" ").append(field.key).append("=");
      AppendLogfmtValue(field.value, line);
    }
  }
  logger.out->log(spd_level, spdlog::string_view_t(line));
}

}  // namespace tocsin
