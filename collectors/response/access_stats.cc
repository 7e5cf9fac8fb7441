#include "collectors/response/access_stats.h"

#include <algorithm>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr std::size_t kOtherMethod = kAccessMethods.size() - 1;

std::size_t MethodNumber(std::string_view method) {
  for (std::size_t i = 0; i < kOtherMethod; ++i) {
    if (kAccessMethods[i] == method) return i;
  }
  return kOtherMethod;
}

}  // namespace

AccessStats::AccessStats(const AccessStatsOptions& options, const RouteTable& routes)
    : options_(options),
      table_(routes),
      cells_(routes.names().size() * kAccessMethods.size()),
      by_route_(routes.names().size()) {}

void AccessStats::BeginRound(MonoTime now) {
  now_ = now;
  for (Route& route : by_route_) {
    if (route.window) route.window->MoveTo(now);
  }
}

void AccessStats::AddLines(std::string_view block, AccessLineParser& parser) {
  AccessRecord record;
  while (!block.empty()) {
    const std::string_view line = TakeLine(block);
    ++lines_;
    const LineProblem problem =
        parser.Parse(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line, record);
    if (problem == LineProblem::kNone) {
      Add(record);
    } else {
      AddProblem(problem, 1);
    }
  }
}

void AccessStats::Add(const AccessRecord& record) {
  const std::size_t route = table_.Find(record.path);
  const std::size_t method = MethodNumber(record.method);
  const int status_class = record.status / 100;
  Route& totals = by_route_[route];
  totals.seen = true;
  totals.bytes += record.bytes;
  totals.errors += status_class == 5 ? 1 : 0;

  Cell& cell = CellOf(route, method);
  Responses* const responses = ResponsesOf(cell, route, method, record.status);
  if (responses) ++responses->count;
  const bool timed = !std::isnan(record.seconds);
  Histogram* const histogram = timed ? HistogramOf(cell, route, method, status_class) : nullptr;
  if (!responses || (timed && !histogram)) ++dropped_;
  if (!timed) return;
  if (!totals.window) {
    totals.window = std::make_unique<WindowCounts>(options_.window);
    totals.window->MoveTo(now_);
  }
  totals.window->Add(record.seconds);
  if (!histogram) return;
  const auto bound =
      std::lower_bound(options_.bounds.begin(), options_.bounds.end(), record.seconds);
  ++histogram->counts[static_cast<std::size_t>(bound - options_.bounds.begin())];
  histogram->sum += record.seconds;
  ++histogram->count;
}

AccessStats::Cell& AccessStats::CellOf(std::size_t route, std::size_t method) {
  auto& cell = cells_[route * kAccessMethods.size() + method];
  if (!cell) {
    cell = std::make_unique<Cell>();
    cell->responses.fill(kNone);
    cell->histograms.fill(kNone);
  }
  return *cell;
}

AccessStats::Responses* AccessStats::ResponsesOf(Cell& cell, std::size_t route, std::size_t method,
                                                 int status) {
  std::uint16_t& number = cell.responses[static_cast<std::size_t>(status - 100)];
  if (number == kNone) {
    if (responses_.size() >= std::min<std::size_t>(options_.max_series, kNone)) return nullptr;
    number = static_cast<std::uint16_t>(responses_.size());
    responses_.push_back({route, method, status, 0});
  }
  return &responses_[number];
}

AccessStats::Histogram* AccessStats::HistogramOf(Cell& cell, std::size_t route, std::size_t method,
                                                 int status_class) {
  std::uint16_t& number = cell.histograms[static_cast<std::size_t>(status_class)];
  if (number == kNone) {
    // A histogram is a series a bound.
    const std::size_t each = options_.bounds.size() + 3;
    if ((histograms_.size() + 1) * each > options_.max_series) return nullptr;
    number = static_cast<std::uint16_t>(histograms_.size());
    histograms_.push_back({route, method, status_class,
                           std::vector<std::uint64_t>(options_.bounds.size() + 1), 0, 0});
  }
  return &histograms_[number];
}

}  // namespace tocsin
