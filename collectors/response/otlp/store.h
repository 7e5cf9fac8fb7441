#pragma once
// What was pushed by OTLP, as Prometheus's series.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "collectors/response/otlp/message.h"
#include "metrics/labels.h"
#include "metrics/writer.h"

namespace tocsin::otlp {

struct StoreLimits {
  std::size_t max_series = 5000;                       // a histogram counts as one
  std::size_t max_bytes = 16 << 20;                    // of all of them, by estimate
  milliseconds stale_after = std::chrono::minutes(5);  // after the last push of a series
};

/// Why points are rejected.
enum class Reject : std::uint8_t { kName, kType, kValue, kConflict, kLimit };
inline constexpr std::size_t kRejects = 5;
/// "name", "type", "value", "conflict", "limit".
std::string_view RejectText(Reject reason);

struct StoreCounters {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;  // that were no request at all
  std::uint64_t points = 0;
  std::array<std::uint64_t, kRejects> rejected{};
};

/// What came of one request.
struct PushResult {
  std::uint64_t rejected = 0;
  std::string message;  // why the first one was
};

/// One thread at a time.
class Store {
 public:
  /// `reserved` tells names that are not the clients' to use.
  Store(const StoreLimits& limits, std::function<bool(std::string_view family)> reserved);
  ~Store();

  enum class Encoding { kProtobuf, kJson };
  /// Errors: kMalformed; what came before stays.
  Result<PushResult> Push(std::string_view body, Encoding encoding);

  /// Series that were not pushed for stale_after go. Pushes belong to `now` from here on.
  void MoveTo(MonoTime now);
  void AddTo(FamilySink& out) const;

  const StoreCounters& counters() const { return counters_; }
  void CountFailure() { ++counters_.failed; }
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Family {
    MetricType type;
    std::string help;
    std::size_t series = 0;
  };
  struct Series {
    const std::pair<const std::string, Family>* family;
    Labels labels;
    MonoTime last{};
    double value = 0;
    double sum = 0;
    double count = 0;
    std::vector<double> bounds;  // or quantiles
    std::vector<double> counts;  // by bound, not cumulative, without +Inf; or the quantiles' values
    std::size_t bytes = 0;
  };
  class Reader;

  Series* Find(const std::string& name, MetricType type, const std::string& help, Labels labels,
               std::size_t values, Reject& why);
  void Remove(const std::string& key);

  const StoreLimits limits_;
  const std::function<bool(std::string_view)> reserved_;
  MonoTime now_{};
  StoreCounters counters_;
  std::map<std::string, Family, std::less<>> families_;
  std::map<std::string, Series, std::less<>> by_key_;  // in the order of the page
  std::size_t bytes_ = 0;
};

}  // namespace tocsin::otlp
