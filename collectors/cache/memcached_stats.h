#pragma once
// The answers of memcached to `stats` and its kin as metrics, named as memcached_exporter names
// them.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "collectors/cache/cache_shape.h"
#include "metrics/writer.h"

namespace tocsin::memcached {

/// What is asked, in this order; the answer to each ends with END.
inline constexpr std::string_view kQuestions =
    "stats\r\nstats settings\r\nstats items\r\nstats slabs\r\n";

extern const FamilySpec kUp;

std::span<const FamilySpec> Families();

/// Reads the answers line by line. One round; single-threaded.
class StatsReader {
 public:
  explicit StatsReader(FamilySink& out) : out_(out) {}

  /// One line without its end. True after the last one of all answers. Statistics that are unknown
  /// or no numbers are left out. Errors: kInvalid for an error of the server, kMalformed for what
  /// is no answer of memcached.
  Result<bool> Line(std::string_view line);

  const shapes::CacheCounts& counts() const { return counts_; }

 private:
  enum class Section { kGeneral, kSettings, kItems, kSlabs, kDone };

  /// Requests of one kind, of which memcached tells `set` and `cas` together.
  struct Sets {
    double all = 0;
    double cas = 0;
    bool known = false;
  };

  void General(std::string_view key, double value);
  void OfSlab(std::string_view key, double value);
  void Command(std::string_view slab, std::string_view key, double value);
  void EndSlab();
  void EndSection();

  FamilySink& out_;
  Section section_ = Section::kGeneral;
  shapes::CacheCounts counts_;
  Sets sets_;
  std::string slab_;
};

}  // namespace tocsin::memcached
