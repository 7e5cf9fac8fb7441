#include "agent/runtime/collectors.h"

#include <utility>

namespace tocsin {

std::shared_ptr<const CollectorHost> MakeCollectorHost(Settings settings,
                                                       std::shared_ptr<net::Network> network,
                                                       std::string state_folder) {
  auto fs = MakeHostFs(settings.paths);
  return std::make_shared<const CollectorHost>(CollectorHost{
      std::move(settings), std::move(fs), std::move(network), std::move(state_folder)});
}

Result<std::vector<MadeCollector>> MakeCollectors(const CollectorHost& host) {
  std::vector<MadeCollector> made;
  for (const CollectorSettings& settings : host.settings.collectors) {
    if (!settings.enabled) continue;
    const CatalogEntry& entry = *settings.entry;
    auto collector =
        entry.make({*host.fs, host.settings.file, *settings.own, *host.network, host.state_folder});
    if (!collector) {
      TRY(host.settings.file.Keep(std::move(collector).error()));
      continue;
    }
    made.push_back({std::string(entry.name), entry.room, settings.interval, settings.timeout,
                    WithExtremes(entry, *std::move(collector), host.settings.extremes)});
  }
  return made;
}

}  // namespace tocsin
