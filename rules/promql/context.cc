#include "rules/promql/context.h"

#include <algorithm>

namespace tocsin::promql {
namespace {

/// As many different remarks as a person will read.
constexpr std::size_t kMaxAnnotations = 10;

/// Samples that take some tens of microseconds, a thousand times what asking the clock does.
constexpr std::size_t kWorkPerClock = 10'000;

}  // namespace

Status QueryContext::Poll() {
  if (options_.stop.stop_requested()) return Error{Errc::kCancelled, "query was canceled"};
  if (options_.deadline != MonoTime::max() &&
      std::chrono::steady_clock::now() >= options_.deadline) {
    return Error{Errc::kTimeout, "query timed out in expression evaluation"};
  }
  return Unit{};
}

Status QueryContext::PollAfter(std::size_t work) {
  work_ += work;
  if (work_ < kWorkPerClock && !options_.stop.stop_requested()) return Unit{};
  work_ = 0;
  return Poll();
}

Status QueryContext::Hold(std::size_t samples) {
  if (samples > options_.max_samples - held_) {
    return Error{Errc::kLimit,
                 "query processing would load too many samples into memory in query execution: "
                 "the limit is " +
                     std::to_string(options_.max_samples)};
  }
  held_ += samples;
  return Unit{};
}

void QueryContext::Add(std::vector<Annotation>& list, std::string message, PosRange pos) {
  Annotation annotation{std::move(message), pos};
  if (list.size() >= kMaxAnnotations) return;
  if (std::find(list.begin(), list.end(), annotation) == list.end()) {
    list.push_back(std::move(annotation));
  }
}

std::string Annotation::ToString(std::string_view query) const {
  const std::string_view before = query.substr(0, std::min<std::size_t>(pos.start, query.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto line_break = before.rfind('\n');
  const std::size_t line_start = line_break == std::string_view::npos ? 0 : line_break + 1;
  return message + " (" + std::to_string(line) + ":" +
         std::to_string(before.size() - line_start + 1) + ")";
}

}  // namespace tocsin::promql
