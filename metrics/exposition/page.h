#pragma once
// The /metrics page: rendered from the latest snapshots at most once per round and form, on the
// first request after it; every later request gets the same bytes.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/shared_text.h"
#include "metrics/exposition/format.h"
#include "metrics/exposition/merged_layout.h"

namespace tocsin::exposition {

/// The latest snapshot of one collector; null while it has no valid data.
struct NamedSnapshot {
  std::string collector;
  Ref<const Snapshot> snapshot;
};

/// Where a page comes from. Thread-safe; neither function waits for a collector.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  /// Changes whenever what Read gives has changed.
  virtual std::uint64_t Version() const = 0;
  /// One entry a collector, in a constant order: of a series that two of them have, the first
  /// one's is shown. `out` is overwritten; its strings are used again.
  virtual void Read(std::vector<NamedSnapshot>& out) const = 0;
};

enum class Coding : std::uint8_t { kIdentity, kGzip };

/// Which collectors' metrics are asked for: all, only some, or all but some.
struct PageSelection {
  std::vector<std::string> collect;
  std::vector<std::string> exclude;
};

struct PageStats {
  std::uint64_t hits = 0;    // requests answered with bytes that were there
  std::uint64_t misses = 0;  // requests that rendered
  Dropped dropped;           // of the whole page as it was last rendered
};

struct RenderedPage {
  Ref<const SharedText> body;
  Coding coding;  // kIdentity also where gzip was asked for and the page is too small for it
};

/// Thread-safe: of many requests at once the first renders and the others wait for it (well under
/// a millisecond for 1,500 series; a few for gzip).
class Page {
 public:
  /// `source` outlives the page.
  explicit Page(const SnapshotSource& source);
  ~Page();

  /// Errors: kInvalid when `selection` names a collector that `source` does not have, or has both
  /// lists.
  Result<RenderedPage> Get(Format format, Coding coding, const PageSelection& selection = {});

  /// To be called now and then: what was not asked for since the last kIdleTrims calls is given up,
  /// with the layouts that it holds.
  void Trim();
  static constexpr int kIdleTrims = 4;

  PageStats stats() const;

 private:
  class View;

  Result<View*> FindView(const PageSelection& selection) REQUIRES(mutex_);
  Status CheckNames(const PageSelection& selection) REQUIRES(mutex_);

  const SnapshotSource& source_;
  mutable Mutex mutex_;
  std::unique_ptr<View> all_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<View>> selected_ GUARDED_BY(mutex_);  // least recently asked first
  std::vector<NamedSnapshot> read_ GUARDED_BY(mutex_);
  PageStats stats_ GUARDED_BY(mutex_);
};

}  // namespace tocsin::exposition
