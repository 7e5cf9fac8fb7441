// What a round of the process collector costs: over a thousand real processes of this kernel, and
// over 100 … 100,000 that are made up (its own work alone). Prints tables; exits 1 if a round over
// a thousand real ones takes more than 6 ms of CPU, if a steady round allocates, or if a round over
// a hundred thousand costs more than three times one over ten thousand, which fill its budget.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/bench/count_allocations.h"
#include "tests/bench/fake_processes.h"
#include "tests/bench/measure.h"

namespace tocsin {
namespace {

constexpr int kRealProcesses = 1000;
constexpr double kBudgetMicroseconds = 6000;

/// Sleeping children, ended with this object.
class Children {
 public:
  explicit Children(int count) {
    for (int i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::pause();
        ::_exit(0);
      }
      if (pid > 0) pids_.push_back(pid);
    }
  }
  ~Children() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

 private:
  std::vector<pid_t> pids_;
};

bool RealProcesses(const CatalogEntry& entry) {
  const auto host = MakeHostFs({});
  const Children children(kRealProcesses);
  MeasuredCollector collector(entry, *host, "{}");
  const double first = collector.MedianCpu(1);
  const double busy = collector.MedianCpu(4);
  for (int i = 0; i < 12; ++i) collector.Round();
  const double mean = collector.MeanCpu(60);
  std::printf("%d sleeping processes and this host's own, %zu series\n", kRealProcesses,
              collector.series());
  std::printf("the first round %.0f us, the next ones %.0f us, steady %.0f us (mean of 60)\n",
              first, busy, mean);
  return mean <= kBudgetMicroseconds && busy <= kBudgetMicroseconds;
}

bool MadeUp(const CatalogEntry& entry) {
  std::printf("\n%10s %12s %12s %12s\n", "processes", "us a round", "us each", "allocations");
  double budget_full = 0;
  bool good = true;
  for (const std::uint32_t count : {100u, 1000u, 10'000u, 100'000u}) {
    const FakeProcessesHostFs host(count);
    MeasuredCollector collector(entry, host, "{}");
    const int warm = static_cast<int>(count / 500) + 20;
    for (int i = 0; i < warm; ++i) collector.Round();
    const std::size_t before = allocations;
    const double mean = collector.MeanCpu(50);
    const std::size_t heap = allocations - before;
    std::printf("%10u %12.1f %12.3f %12.2f\n", count, mean, mean / count,
                static_cast<double>(heap) / 50);
    // The boot time, read again every ten minutes, takes a string.
    good = good && heap <= 2;
    if (count == 10'000) budget_full = mean;
    if (count == 100'000) good = good && mean <= budget_full * 3;
  }
  return good;
}

}  // namespace
}  // namespace tocsin

int main() {
  using namespace tocsin;
  const CatalogEntry& entry = *FindCollector("process");
  const bool real = RealProcesses(entry);
  const bool made_up = MadeUp(entry);
  return real && made_up ? 0 : 1;
}
