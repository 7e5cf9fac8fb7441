#include <cstdio>

#include "agent/commands/commands.h"
#include "agent/runtime/agent.h"

namespace tocsin {

int CheckConfiguration(const CommandLine& line) {
  const SystemClock clock;
  const auto loaded = LoadConfiguration(line.flags, std::make_shared<net::Network>(clock));
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message().c_str());
    return 1;
  }
  std::size_t collectors = 0;
  for (const CollectorSettings& collector : loaded->settings.collectors) {
    collectors += collector.enabled ? 1 : 0;
  }
  std::size_t rules = 0;
  for (const RuleGroupSpec& group : loaded->rules.groups) rules += group.rules.size();
  std::printf("%s is good: %zu collectors, %zu rules in %zu files\n",
              loaded->settings.file.name.c_str(), collectors, rules, loaded->rules.files.size());
  return 0;
}

}  // namespace tocsin
