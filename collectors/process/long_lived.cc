#include "collectors/process/long_lived.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr double kMinAgeSeconds = 600;
constexpr double kChosenWeighsMore = 1.25;

}  // namespace

void LongLived::Choose(std::span<const WatchedProcess> processes, WallTime now) {
  candidates_.clear();
  for (const WatchedProcess& process : processes) {
    if (!process.watched() || process.anon_bytes == 0) continue;
    if (ToSeconds(now) - process.start_seconds < kMinAgeSeconds) continue;
    const bool chosen = std::binary_search(pids_.begin(), pids_.end(), process.pid);
    candidates_.push_back(
        {static_cast<double>(process.anon_bytes) * (chosen ? kChosenWeighsMore : 1), process.pid});
  }
  const auto count = std::min(count_, candidates_.size());
  const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(candidates_.begin(), end, candidates_.end(),
                    [](const Candidate& a, const Candidate& b) { return a.weight > b.weight; });
  pids_.clear();
  for (auto it = candidates_.begin(); it != end; ++it) pids_.push_back(it->pid);
  std::sort(pids_.begin(), pids_.end());
}

}  // namespace tocsin
