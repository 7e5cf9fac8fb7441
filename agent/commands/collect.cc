#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "agent/commands/commands.h"
#include "agent/runtime/collectors.h"
#include "base/parse.h"
#include "collectors/catalog.h"
#include "metrics/exposition/render.h"

namespace tocsin {
namespace {

void PrintError(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
}

/// Collectors named on the command line run whether they are enabled or not, and no others do.
Status SelectCollectors(const std::vector<std::string>& names, Settings& settings) {
  if (names.empty()) return Unit{};
  for (CollectorSettings& collector : settings.collectors) collector.enabled = false;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(settings.collectors.begin(), settings.collectors.end(),
                     [&](const CollectorSettings& c) { return c.entry->name == name; });
    if (found == settings.collectors.end()) {
      std::vector<std::string_view> known;
      for (const CatalogEntry& entry : CollectorCatalog()) known.push_back(entry.name);
      std::string what = "there is no collector \"" + name + "\"";
      if (const auto nearest = NearestWord(name, known)) {
        what.append(": did you mean \"").append(*nearest).append("\"?");
      }
      return Error{Errc::kInvalid, what};
    }
    found->enabled = true;
  }
  return Unit{};
}

}  // namespace

int CollectOnce(const CommandLine& line) {
  auto settings = LoadSettings(line.flags);
  if (!settings) {
    PrintError(settings.error());
    return 1;
  }
  if (const auto selected = SelectCollectors(line.names, *settings); !selected) {
    PrintError(selected.error());
    return 2;
  }
  const SystemClock clock;
  const auto host =
      MakeCollectorHost(*std::move(settings),
                        std::make_shared<net::Network>(clock, net::NetworkOptions{.grace = {}}));
  auto made = MakeCollectors(*host);
  if (!made) {
    PrintError(made.error());
    return 1;
  }
  int exit_status = 0;
  std::vector<Ref<const Snapshot>> snapshots;
  for (MadeCollector& collector : *made) {
    RoundWriter writer;
    const RoundContext round{clock.Wall(), clock.Mono() + collector.timeout, {}};
    writer.Begin(round.now);
    Status collected = collector.collector->Collect(round, writer);
    auto snapshot =
        collected ? writer.Finish() : Result<Ref<const Snapshot>>(std::move(collected).error());
    if (snapshot) {
      snapshots.push_back(*std::move(snapshot));
    } else if (snapshot.error().code() != Errc::kUnsupported || !line.names.empty()) {
      std::fprintf(stderr, "%s: %s\n", collector.name.c_str(), snapshot.error().message().c_str());
      exit_status = 1;
    }
  }
  const std::string text = exposition::RenderPage(snapshots, exposition::Format::kText);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_status;
}

}  // namespace tocsin
