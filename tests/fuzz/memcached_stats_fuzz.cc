// memcached's answers to stats: any lines.

#include "base/parse.h"
#include "collectors/cache/memcached_stats.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  RoundWriter out;
  out.Begin(WallTime(seconds(1'700'000'000)));
  memcached::StatsReader reader(out);
  while (!text.empty()) {
    const auto whole = reader.Line(TakeLine(text));
    if (!whole || *whole) break;
  }
  shapes::AddCacheShape("memcached", reader.counts(), out);
  (void)out.Finish();  // series that stand twice are the server's fault
  return 0;
}
