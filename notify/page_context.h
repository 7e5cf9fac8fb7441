#pragma once
// What a page can say of an alert besides what its rule says.

#include "base/clock.h"
#include "metrics/labels.h"
#include "notify/alert.h"

namespace tocsin::notify {

struct ContextSettings {
  bool sparkline = false;
  bool processes = false;

  bool Empty() const { return !sparkline && !processes; }
};

/// Used on the dispatcher's thread.
class PageContext {
 public:
  virtual ~PageContext() = default;

  /// Annotations for a firing alert that is about to be paged; none where there is nothing to say.
  /// Bounded in size, and in time to some 100 ms.
  virtual Labels Describe(const Alert& alert, const ContextSettings& settings, WallTime now) = 0;
};

}  // namespace tocsin::notify
