// fill_store FILE.om DIRECTORY: puts an OpenMetrics file with timestamps into a store's directory,
// round by round, for the query benchmarks. Prints the bytes a sample takes and the append rate.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "metrics/store/store.h"

namespace {

using namespace tocsin;

int Fail(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return Fail("usage: fill_store FILE.om DIRECTORY");
  std::ifstream in(argv[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());

  std::map<std::int64_t, std::vector<store::LabeledValue>> rounds;
  // One line after another of one series: its labels are built once.
  std::string last_name;
  Labels labels;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    const std::string_view line(text.data() + at, end - at);
    at = end + 1;
    if (line.starts_with('#')) continue;
    const auto close = line.find('}') + 1;
    if (const std::string_view name = line.substr(0, close); name != last_name) {
      last_name = name;
      LabelsBuilder builder;
      const auto open = name.find('{');
      builder.Set(kMetricName, name.substr(0, open));
      std::string_view rest = name.substr(open + 1, name.size() - open - 2);
      while (!rest.empty()) {
        const auto equals = rest.find("=\"");
        const auto quote = rest.find('"', equals + 2);
        builder.Set(rest.substr(0, equals), rest.substr(equals + 2, quote - equals - 2));
        rest.remove_prefix(std::min(quote + 2, rest.size()));
      }
      labels = builder.Build();
    }
    double value = 0;
    long long t = 0;
    if (std::sscanf(std::string(line.substr(close)).c_str(), "%lf %lld", &value, &t) != 2) {
      return Fail("cannot read: " + std::string(line));
    }
    rounds[t * 1000].push_back({labels, value});
  }
  if (rounds.empty()) return Fail(std::string("nothing in ") + argv[1]);

  store::StoreOptions options;
  options.directory = argv[2];
  options.max_bytes = std::size_t{64} << 20;
  auto opened = store::Store::Open(options, FromMillis(rounds.rbegin()->first));
  if (!opened) return Fail(opened.error().message());
  const auto source = (*opened)->OpenSource("fleet");
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [t_ms, round] : rounds) source->Append(FromMillis(t_ms), round);
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  (*opened)->Flush(FromMillis(rounds.rbegin()->first));
  const store::StoreStats stats = (*opened)->Stats();
  std::printf("%zu series, %llu samples, %.2f bytes a sample, %.1f million samples/s\n",
              stats.series, static_cast<unsigned long long>(stats.appended),
              static_cast<double>(stats.block_bytes) / static_cast<double>(stats.appended),
              static_cast<double>(stats.appended) / took / 1e6);
  return 0;
}
