// Every collector of the host on files of any content. Input: the collector's name, a newline, its
// settings as one line of YAML, a newline, then the host as memory_host_fs.h reads it.

#include <cstdlib>

#include "base/parse.h"
#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/net/network.h"
#include "tests/fuzz/memory_host_fs.h"

namespace tocsin {
namespace {

void RunRounds(const CatalogEntry& entry, Collector& collector) {
  RoundWriter writer;
  Ref<const Layout> first;
  for (int round = 0; round < 3; ++round) {
    const WallTime now{seconds(1700000000 + round)};
    writer.Begin(now);
    // Far enough for helper threads of a collector to answer.
    const MonoTime deadline = MonoTime::clock::now() + seconds(60);
    if (!collector.Collect({now, deadline, {}}, writer)) continue;
    const auto snapshot = writer.Finish();
    if (!snapshot) continue;
    // The same host is laid out the same way: steady rounds must not allocate layouts. (Processes
    // are read on from where the last round ended.)
    if (first && (*snapshot)->layout != first && entry.room != "process") std::abort();
    first = (*snapshot)->layout;
  }
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const CatalogEntry* entry = FindCollector(TakeLine(input));
  if (!entry || !ReadsHostFiles(*entry)) return 0;
  const auto settings = ParseYaml(TakeLine(input), "settings");
  if (!settings) return 0;
  const MemoryHostFs host(input);
  static const SystemClock clock;
  static net::Network network(clock);
  const auto collector = entry->make({host, *settings, *settings->root, network});
  if (collector) RunRounds(*entry, **collector);
  return 0;
}
