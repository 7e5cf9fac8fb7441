// leaks.state: refused, or records that can be written again as they were and put back into a rule.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "rules/leak_tracker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto records = DecodeLeaks(bytes);
  if (!records) return 0;
  const auto again = DecodeLeaks(EncodeLeaks(*records));
  if (!again || again->size() != records->size()) std::abort();
  LeakTracker tracker("A", std::make_shared<LeakSpec>(), 1);
  const WallTime now = FromMillis(1'700'000'000'000);
  for (const LeakRecord& record : *records) {
    if (tracker.Restore(record, now)) static_cast<void>(tracker.Find(record.labels, now));
  }
  std::vector<LeakRecord> exported;
  tracker.Export(exported);
  static_cast<void>(tracker.TimesLeft(now));
  return 0;
}
