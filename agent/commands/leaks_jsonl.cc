#include "agent/commands/leaks_jsonl.h"

#include <simdjson.h>

#include <istream>
#include <limits>
#include <optional>
#include <ostream>
#include <vector>

#include "base/format.h"
#include "base/utf8.h"
#include "rules/trend/detector.h"

namespace tocsin {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using trend::Detector;
using trend::Leak;
using trend::Reading;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// The detector's time has no sign; the day before the series must fit in front of it. A multiple of
// all bucket widths, so that buckets lie as they would from zero.
constexpr std::int64_t kOrigin = 12 * 7680;
constexpr double kLongestStep = 86400;

struct Series {
  std::string_view id;
  double limit = 0;
  double step = 0;
  std::vector<double> samples;
  std::vector<double> load;  // empty: unknown, as the next
  std::vector<double> file;
  double settled = kUnknown;  // bytes, file-backed ones included
  std::vector<double> restarts;
  // The day before the first sample.
  double before_step = 0;
  std::vector<double> before_samples;
  std::vector<double> before_load;
  double before_file = 0;
};

Error Malformed(std::string_view field) {
  return {Errc::kMalformed, "\"" + std::string(field) + "\" is missing or not what it should be"};
}

Result<double> Number(const object& from, std::string_view key) {
  double value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return Malformed(key);
  return value;
}

/// Numbers, null as NaN. A missing or null array is empty unless it is `required`.
enum class Presence : std::uint8_t { kRequired, kOptional };
Result<std::vector<double>> Numbers(const object& from, std::string_view key, Presence presence) {
  array items;
  if (from[key].get(items) != simdjson::SUCCESS) {
    if (presence == Presence::kRequired) return Malformed(key);
    return std::vector<double>{};
  }
  std::vector<double> numbers;
  numbers.reserve(items.size());
  for (const element item : items) {
    double number = kUnknown;
    if (!item.is_null() && item.get(number) != simdjson::SUCCESS) return Malformed(key);
    numbers.push_back(number);
  }
  return numbers;
}

Status ReadBefore(const object& root, Series& series) {
  object before;
  if (root["before"].get(before) != simdjson::SUCCESS) return Unit{};  // absent or null
  TRY_ASSIGN(series.before_step, Number(before, "step_s"));
  TRY_ASSIGN(series.before_samples, Numbers(before, "samples", Presence::kRequired));
  TRY_ASSIGN(series.before_load, Numbers(before, "load", Presence::kOptional));
  TRY_ASSIGN(series.before_file, Number(before, "file"));
  const double seconds_before =
      series.before_step * static_cast<double>(series.before_samples.size());
  if (!(series.before_step > 0) || seconds_before > static_cast<double>(kOrigin)) {
    return Error{Errc::kMalformed, "\"before\" is longer than a day"};
  }
  return Unit{};
}

Result<Series> ReadSeries(const object& root) {
  Series series;
  if (root["id"].get(series.id) != simdjson::SUCCESS) return Malformed("id");
  TRY_ASSIGN(series.limit, Number(root, "limit_bytes"));
  TRY_ASSIGN(series.step, Number(root, "step_s"));
  if (!(series.step > 0 && series.step <= kLongestStep)) return Malformed("step_s");
  TRY_ASSIGN(series.samples, Numbers(root, "samples", Presence::kRequired));
  TRY_ASSIGN(series.restarts, Numbers(root, "restarts_s", Presence::kOptional));
  TRY_ASSIGN(series.load, Numbers(root, "load", Presence::kOptional));
  TRY_ASSIGN(series.file, Numbers(root, "file", Presence::kOptional));
  if (root["settled"].get(series.settled) != simdjson::SUCCESS) series.settled = kUnknown;
  TRY(ReadBefore(root, series));
  return series;
}

double At(const std::vector<double>& values, std::size_t i, double otherwise) {
  return i < values.size() ? values[i] : otherwise;
}

Reading MakeReading(const Series& series, double t, double sample, double file, double load) {
  // A series without the split counts as anonymous as a whole.
  if (!(file >= 0)) file = 0;
  return {.t_seconds = kOrigin + static_cast<std::int64_t>(t),
          .value = sample - file,
          .limit = series.limit - file,
          .work = load,
          .settled = series.settled - file};
}

/// The first alarm of the series itself: what came before it is history.
std::optional<Leak> FirstAlarm(const Series& series, const trend::DetectorOptions& options) {
  Detector detector;
  const std::size_t before = series.before_samples.size();
  for (std::size_t i = 0; i < before; ++i) {
    const double t = -series.before_step * static_cast<double>(before - i);
    static_cast<void>(
        detector.Push(MakeReading(series, t, series.before_samples[i], series.before_file,
                                  At(series.before_load, i, kUnknown)),
                      options));
  }
  std::size_t restart = 0;
  for (std::size_t i = 0; i < series.samples.size(); ++i) {
    const double t = static_cast<double>(i) * series.step;
    while (restart < series.restarts.size() && series.restarts[restart] <= t) {
      detector.Reset();
      ++restart;
    }
    const Reading reading = MakeReading(series, t, series.samples[i], At(series.file, i, 0),
                                        At(series.load, i, kUnknown));
    if (auto leak = detector.Push(reading, options)) return leak;
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> JudgeSeries(std::string_view line, const trend::DetectorOptions& options) {
  static thread_local simdjson::dom::parser parser;
  object root;
  if (parser.parse(line.data(), line.size()).get(root) != simdjson::SUCCESS) {
    return Error{Errc::kMalformed, "not a JSON object"};
  }
  TRY_ASSIGN(const Series series, ReadSeries(root));
  const std::optional<Leak> leak = FirstAlarm(series, options);
  std::string verdict = "{\"id\": ";
  AppendJsonString(series.id, verdict);
  const auto field = [&](std::string_view name, double value) {
    verdict.append(", \"").append(name).append("\": ");
    verdict += leak ? FormatGoFixed(value) : "null";
  };
  const Leak found = leak.value_or(Leak{});
  field("alarm_at_s", static_cast<double>(found.confirmed_at - kOrigin));
  field("eta_s", found.eta);
  field("eta_lo_s", found.eta_low);
  field("eta_hi_s", found.eta_high);
  return verdict + "}";
}

Status JudgeSeriesFile(std::istream& in, std::ostream& out, const trend::DetectorOptions& options) {
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    Result<std::string> verdict = JudgeSeries(line, options);
    if (!verdict) return std::move(verdict).error().Under("line " + std::to_string(number));
    out << *verdict << '\n';
  }
  if (in.bad()) return Error{Errc::kIo, "cannot be read"};
  return Unit{};
}

}  // namespace tocsin
