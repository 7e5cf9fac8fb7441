#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <list>
#include <optional>

#include "base/format.h"
#include "base/log.h"
#include "base/parse.h"
#include "collectors/decimal_text.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/path_glob.h"
#include "collectors/response/access_settings.h"
#include "collectors/response/log_positions.h"
#include "collectors/response/response.h"
#include "collectors/shapes.h"

namespace tocsin {
namespace {

constexpr FamilySpec kBytes{"response_bytes_total", MetricType::kCounter,
                            "Bytes of the answers of the service, as its log tells them."};
constexpr FamilySpec kUp{"tocsin_access_log_up", MetricType::kGauge,
                         "Whether the log could be read in the last round."};
constexpr FamilySpec kLines{"tocsin_access_log_lines_total", MetricType::kCounter,
                            "Lines read from the log."};
constexpr FamilySpec kRead{"tocsin_access_log_read_bytes_total", MetricType::kCounter,
                           "Bytes read from the log."};
constexpr FamilySpec kUnparsed{"tocsin_access_log_unparsed_lines_total", MetricType::kCounter,
                               "Lines that count for nothing, by what is wrong with them."};
constexpr FamilySpec kBacklog{"tocsin_access_log_backlog_bytes", MetricType::kGauge,
                              "Bytes of the log that are left for later rounds."};
constexpr FamilySpec kRotations{"tocsin_access_log_rotations_total", MetricType::kCounter,
                                "How often the log was begun anew, by how."};
constexpr FamilySpec kDropped{
    "tocsin_access_log_dropped_total", MetricType::kCounter,
    "Lines whose responses_total or response_time_seconds would have been a series too many."};

constexpr std::array<FamilySpec, 12> kFamilies{shapes::kResponseTime,
                                               shapes::kResponseTimeQuantile,
                                               shapes::kResponses,
                                               shapes::kResponseErrors,
                                               kBytes,
                                               kUp,
                                               kLines,
                                               kRead,
                                               kUnparsed,
                                               kBacklog,
                                               kRotations,
                                               kDropped};

/// How long the files that a pattern found are believed.
constexpr seconds kExpandEvery{10};
constexpr std::size_t kMaxLogs = 200;
/// A log that a pattern found makes room for a newer one when nobody has written to it for so long.
constexpr seconds kIdle{3600};

constexpr std::string_view kClasses[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};

bool IsCompressed(std::string_view path) {
  return path.ends_with(".gz") || path.ends_with(".bz2") || path.ends_with(".xz") ||
         path.ends_with(".zst");
}

/// One file that is followed.
struct Log {
  Log(const AccessStatsOptions& options, const AccessLogSettings& from, std::string where,
      const std::string& shown)
      : settings(from),
        service(from.service.empty() ? ServiceOf(shown) : from.service),
        instance(from.instance.empty() ? shown : from.instance),
        parser(from.make_parser()),
        follower(std::move(where), from.from),
        stats(options, from.routes) {}

  const AccessLogSettings& settings;
  std::string service;
  std::string instance;
  std::unique_ptr<AccessLineParser> parser;
  LogFollower follower;
  AccessStats stats;
  bool up = false;
  bool told = false;       // that it cannot be read
  nanoseconds changed{0};  // when it was last written to, of one that a pattern found
};

class AccessLogCollector final : public Collector {
 public:
  AccessLogCollector(const HostFs& fs, AccessSettings settings, std::string positions)
      : fs_(fs),
        settings_(std::move(settings)),
        window_(FormatDuration(settings_.stats.window)),
        positions_(std::move(positions)) {
    for (const double q : settings_.stats.quantiles) quantiles_.push_back(FormatGoFloat(q));
    values_.resize(quantiles_.size());
  }

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (settings_.logs.empty()) {
      return Error{Errc::kUnsupported, "access_log: the configuration names no logs"};
    }
    FindLogs(round);
    if (buffer_.empty()) buffer_ = FollowBuffer();
    for (Log& log : logs_) {
      if (round.stop.stop_requested()) break;
      ReadLog(round, log);
    }
    KeepPositions();
    for (const Log& log : logs_) AddHistograms(log, out);
    for (const Log& log : logs_) AddQuantiles(log, out);
    for (const Log& log : logs_) AddResponses(log, out);
    for (const Log& log : logs_) AddRoutes(log, out);
    for (const Log& log : logs_) AddReading(log, out);
    return Unit{};
  }

 private:
  void FindLogs(const RoundContext& round) {
    if (!expand_.Due(round) || (expanded_ && !any_glob_)) return;
    expanded_ = true;
    for (const AccessLogSettings& log : settings_.logs) {
      if (!IsGlob(log.path)) {
        if (!FindLog(fs_.RootPath(log.path))) Follow(log, fs_.RootPath(log.path), log.path);
        continue;
      }
      any_glob_ = true;
      FollowPattern(log, round.now);
    }
  }

  /// The newest first: of logs with a date in their names there may be more than are followed.
  void FollowPattern(const AccessLogSettings& log, WallTime now) {
    const std::size_t slash = log.path.rfind('/') + 1;
    const std::string folder = log.path.substr(0, slash);
    const auto names = fs_.List(fs_.RootPath(folder));
    if (!names) return;  // as long as it does not exist
    std::vector<std::pair<nanoseconds, std::string>> found;
    for (const std::string& name : *names) {
      if (IsCompressed(name) || ::fnmatch(log.path.c_str() + slash, name.c_str(), 0) != 0) continue;
      const auto status = fs_.Stat(fs_.RootPath(folder + name));
      found.emplace_back(status ? status->mtime : nanoseconds(0), folder + name);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [changed, shown] : found) {
      std::string path = fs_.RootPath(shown);
      if (Log* const known = FindLog(path)) {
        known->changed = changed;
      } else if (logs_.size() < kMaxLogs || MakeRoom(changed, now)) {
        Follow(log, std::move(path), shown);
        logs_.back().changed = changed;
      }
    }
  }

  /// Lets go the log that has been idle for longest, if there is one.
  bool MakeRoom(nanoseconds newer_than, WallTime now) {
    auto idle = logs_.end();
    for (auto log = logs_.begin(); log != logs_.end(); ++log) {
      if (!IsGlob(log->settings.path)) continue;
      if (idle == logs_.end() || log->changed < idle->changed) idle = log;
    }
    if (idle == logs_.end() || idle->changed >= newer_than ||
        now.time_since_epoch() - idle->changed < kIdle) {
      return false;
    }
    logs_.erase(idle);
    return true;
  }

  Log* FindLog(std::string_view path) {
    const auto found = std::find_if(logs_.begin(), logs_.end(),
                                    [&](const Log& log) { return log.follower.path() == path; });
    return found == logs_.end() ? nullptr : &*found;
  }

  void Follow(const AccessLogSettings& settings, std::string path, const std::string& shown) {
    if (logs_.size() >= kMaxLogs) return;
    logs_.emplace_back(settings_.stats, settings, std::move(path), shown);
    positions_.Resume(logs_.back().follower);
  }

  /// Each round, before its lines are told of: a later life must not count them again.
  void KeepPositions() {
    const auto news = [](const Log& log) {
      const FollowCounters& counters = log.follower.counters();
      return counters.bytes + counters.renamed + counters.truncated + counters.lost;
    };
    std::uint64_t all = logs_.size();
    for (const Log& log : logs_) all += news(log);
    if (std::exchange(kept_at_, all) == all) return;
    std::vector<LogPosition> positions;
    positions.reserve(logs_.size());
    for (const Log& log : logs_) positions.push_back({log.follower.path(), log.follower.Places()});
    positions_.Save(std::move(positions));
  }

  void ReadLog(const RoundContext& round, Log& log) {
    log.stats.BeginRound(round.deadline);
    const std::uint64_t long_lines = log.follower.counters().long_lines;
    const FollowBudget budget{settings_.max_bytes_per_round, round.deadline, buffer_};
    const Status read = log.follower.Read(
        budget, [&](std::string_view lines) { log.stats.AddLines(lines, *log.parser); });
    log.stats.AddProblem(LineProblem::kTooLong, log.follower.counters().long_lines - long_lines);
    log.up = read.ok();
    if (log.up) {
      log.told = false;
    } else if (!std::exchange(log.told, true)) {
      LogWarn("an access log cannot be read", {{"error", read.error().message()}});
    }
  }

  void AddHistograms(const Log& log, FamilySink& out) {
    const std::vector<double>& bounds = settings_.stats.bounds;
    for (const AccessStats::Histogram& histogram : log.stats.histograms()) {
      cumulative_.clear();
      double sum = 0;
      for (std::size_t i = 0; i < bounds.size(); ++i) {
        sum += static_cast<double>(histogram.counts[i]);
        cumulative_.push_back(sum);
      }
      const std::array labels{
          LabelView{"code", kClasses[histogram.status_class]},
          LabelView{"instance", log.instance},
          LabelView{"method", kAccessMethods[histogram.method]},
          LabelView{"route", log.settings.routes.names()[histogram.route]},
          LabelView{"service", log.service},
      };
      out.AddHistogram(shapes::kResponseTime, labels,
                       {bounds, cumulative_, histogram.sum, static_cast<double>(histogram.count)});
    }
  }

  /// Of each route, and without a route of the whole service.
  void AddQuantiles(const Log& log, FamilySink& out) {
    FineCounts all{};
    bool any = false;
    const auto routes = log.stats.routes();
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (!routes[i].window) continue;
      any = true;
      FineCounts counts{};
      routes[i].window->AddTo(counts);
      for (std::size_t b = 0; b < counts.size(); ++b) all[b] += counts[b];
      if (!log.settings.routes.empty()) {
        AddQuantilesOf(log, counts, log.settings.routes.names()[i], out);
      }
    }
    if (any) AddQuantilesOf(log, all, {}, out);
  }

  void AddQuantilesOf(const Log& log, const FineCounts& counts, std::string_view route,
                      FamilySink& out) {
    EstimateQuantiles(counts, settings_.stats.quantiles, values_);
    for (std::size_t q = 0; q < quantiles_.size(); ++q) {
      const std::array labels{
          LabelView{"instance", log.instance}, LabelView{"quantile", quantiles_[q]},
          LabelView{"service", log.service},   LabelView{"window", window_},
          LabelView{"route", route},
      };
      const std::span<const LabelView> all(labels);
      out.Add(shapes::kResponseTimeQuantile, route.empty() ? all.first(4) : all, values_[q]);
    }
  }

  static void AddResponses(const Log& log, FamilySink& out) {
    for (const AccessStats::Responses& responses : log.stats.responses()) {
      const DecimalText code(static_cast<std::uint64_t>(responses.status));
      out.Add(shapes::kResponses,
              {{"code", code.view()},
               {"instance", log.instance},
               {"method", kAccessMethods[responses.method]},
               {"route", log.settings.routes.names()[responses.route]},
               {"service", log.service}},
              static_cast<double>(responses.count));
    }
  }

  static void AddRoutes(const Log& log, FamilySink& out) {
    const auto each = [&](const FamilySpec& family, std::uint64_t AccessStats::Route::*value) {
      const auto routes = log.stats.routes();
      for (std::size_t i = 0; i < routes.size(); ++i) {
        if (!routes[i].seen) continue;
        out.Add(family,
                {{"instance", log.instance},
                 {"route", log.settings.routes.names()[i]},
                 {"service", log.service}},
                static_cast<double>(routes[i].*value));
      }
    };
    each(shapes::kResponseErrors, &AccessStats::Route::errors);
    each(kBytes, &AccessStats::Route::bytes);
  }

  static void AddReading(const Log& log, FamilySink& out) {
    const FollowCounters& counters = log.follower.counters();
    const auto add = [&](const FamilySpec& family, double value) {
      out.Add(family, {{"instance", log.instance}, {"service", log.service}}, value);
    };
    add(kUp, log.up ? 1 : 0);
    add(kLines, static_cast<double>(log.stats.lines() + log.stats.problems(LineProblem::kTooLong)));
    add(kRead, static_cast<double>(counters.bytes));
    for (const LineProblem problem :
         {LineProblem::kFormat, LineProblem::kStatus, LineProblem::kTime, LineProblem::kTooLong}) {
      out.Add(kUnparsed,
              {{"instance", log.instance},
               {"reason", LineProblemText(problem)},
               {"service", log.service}},
              static_cast<double>(log.stats.problems(problem)));
    }
    add(kBacklog, static_cast<double>(counters.backlog_bytes));
    const auto rotations = [&](std::string_view kind, std::uint64_t count) {
      out.Add(kRotations, {{"instance", log.instance}, {"kind", kind}, {"service", log.service}},
              static_cast<double>(count));
    };
    rotations("renamed", counters.renamed);
    rotations("truncated", counters.truncated);
    rotations("lost", counters.lost);
    add(kDropped, static_cast<double>(log.stats.dropped()));
  }

  const HostFs& fs_;
  const AccessSettings settings_;
  const std::string window_;
  std::vector<std::string> quantiles_;  // as label values
  std::list<Log> logs_;
  bool any_glob_ = false;
  bool expanded_ = false;
  Every expand_{kExpandEvery};
  LogPositions positions_;
  std::uint64_t kept_at_ = 0;  // what the logs had seen when their positions were kept
  std::string buffer_;
  std::vector<double> cumulative_;
  std::vector<double> values_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  TRY_ASSIGN(AccessSettings settings, ReadAccessSettings(deps.file, deps.settings));
  std::string positions;
  if (settings.keep_position && !deps.state_folder.empty()) {
    positions = std::string(deps.state_folder) + "/access_log.json";
  }
  return std::unique_ptr<Collector>(
      std::make_unique<AccessLogCollector>(deps.fs, std::move(settings), std::move(positions)));
}

}  // namespace

extern const CatalogEntry kAccessLogCollector{
    .name = "access_log",
    .room = "response",
    .on_by_default = false,
    .interval = seconds(1),
    .help = "Response times, codes and bytes of web servers, from their access logs as they grow.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
