#pragma once
#include <string>

#include "base/ref.h"

namespace tocsin {

/// Text that several owners read without copying it (a rendered page). Whoever holds the only Ref
/// may write it again; shared, it is constant.
class SharedText final : public RefCounted<SharedText> {
 public:
  std::string text;
};

}  // namespace tocsin
