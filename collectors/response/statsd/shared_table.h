#pragma once
// What the receiver's thread writes and the collector reads.

#include <functional>

#include "base/mutex.h"
#include "collectors/response/statsd/table.h"

namespace tocsin::statsd {

struct TcpCounters {
  std::uint64_t connections = 0;  // ever
  std::uint64_t open = 0;
  std::uint64_t errors = 0;      // broken while they were read
  std::uint64_t too_long = 0;    // closed at a line longer than kMaxLine
  std::uint64_t idle = 0;        // closed after the idle timeout
  std::uint64_t over_limit = 0;  // closed at once: there were too many
};

struct SharedTable {
  SharedTable(const Mapping& mapping, const TableLimits& limits,
              std::function<bool(std::string_view)> reserved)
      : table(mapping, limits, std::move(reserved)) {}
  Mutex mutex;
  Table table GUARDED_BY(mutex);
  TcpCounters tcp GUARDED_BY(mutex);
};

}  // namespace tocsin::statsd
