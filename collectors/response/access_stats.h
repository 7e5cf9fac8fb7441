#pragma once
// What the lines of one log add up to.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "collectors/response/access_record.h"
#include "collectors/response/route_table.h"
#include "collectors/response/window_quantiles.h"

namespace tocsin {

/// What all logs have in common.
struct AccessStatsOptions {
  std::vector<double> bounds;     // of histograms, rising, without +Inf
  std::vector<double> quantiles;  // 0 … 1
  milliseconds window{60'000};    // that quantiles look back
  std::size_t max_series = 1000;  // histograms and responses_total of one log, each
};

/// Methods that have a label of their own; the rest, which any client can make up, are "other".
inline constexpr std::array<std::string_view, 9> kAccessMethods{
    "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "other"};

/// One thread at a time. A line allocates only when it is the first of its series.
class AccessStats {
 public:
  struct Responses {
    std::size_t route;
    std::size_t method;  // in kAccessMethods
    int status;
    std::uint64_t count;
  };
  struct Histogram {
    std::size_t route;
    std::size_t method;
    int status_class;                   // 1 … 5
    std::vector<std::uint64_t> counts;  // by bound, not cumulative; the last is above all
    double sum = 0;
    std::uint64_t count = 0;
  };
  struct Route {
    std::uint64_t bytes = 0;
    std::uint64_t errors = 0;              // of the server: 5xx
    std::unique_ptr<WindowCounts> window;  // null until a line tells a duration
    bool seen = false;
  };

  /// `options` and `routes` outlive this.
  AccessStats(const AccessStatsOptions& options, const RouteTable& routes);

  /// Before the lines of a round.
  void BeginRound(MonoTime now);

  /// Counts each line of `block`, which ends with a newline and has kLinePadding bytes behind it.
  void AddLines(std::string_view block, AccessLineParser& parser);
  void AddProblem(LineProblem problem, std::uint64_t lines) {
    problems_[static_cast<std::size_t>(problem)] += lines;
  }

  // In the order of their first line.
  std::span<const Responses> responses() const { return responses_; }
  std::span<const Histogram> histograms() const { return histograms_; }
  /// By the route's number.
  std::span<const Route> routes() const { return by_route_; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t problems(LineProblem problem) const {
    return problems_[static_cast<std::size_t>(problem)];
  }
  /// Lines that count only in bytes and errors, because their series would be one too many.
  std::uint64_t dropped() const { return dropped_; }

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;
  /// Where the series of one route and method stand.
  struct Cell {
    std::array<std::uint16_t, 500> responses;  // by status - 100
    std::array<std::uint16_t, 6> histograms;   // by class
  };

  void Add(const AccessRecord& record);
  Cell& CellOf(std::size_t route, std::size_t method);
  Responses* ResponsesOf(Cell& cell, std::size_t route, std::size_t method, int status);
  Histogram* HistogramOf(Cell& cell, std::size_t route, std::size_t method, int status_class);

  const AccessStatsOptions& options_;
  const RouteTable& table_;
  MonoTime now_{};
  std::vector<std::unique_ptr<Cell>> cells_;  // by route, then method
  std::vector<Responses> responses_;
  std::vector<Histogram> histograms_;
  std::vector<Route> by_route_;
  std::uint64_t lines_ = 0;
  std::uint64_t dropped_ = 0;
  std::array<std::uint64_t, kLineProblems> problems_{};
};

}  // namespace tocsin
