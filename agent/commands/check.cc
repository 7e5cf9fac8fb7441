#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "agent/commands/commands.h"
#include "agent/runtime/agent.h"

namespace tocsin {

namespace {

/// More than this are not read, but scrolled away.
constexpr std::size_t kMostErrors = 50;

void PrintErrors(const std::vector<Error>& errors) {
  const std::size_t shown = std::min(errors.size(), kMostErrors);
  for (std::size_t i = 0; i < shown; ++i) {
    std::fprintf(stderr, "%s\n", errors[i].message().c_str());
  }
  const std::string count = std::to_string(errors.size());
  std::fprintf(stderr, "%s error%s", count.c_str(), errors.size() == 1 ? "" : "s");
  if (shown < errors.size()) std::fprintf(stderr, ", of which the first %zu are shown", shown);
  std::fputs("\n", stderr);
}

}  // namespace

int CheckConfiguration(const CommandLine& line) {
  const SystemClock clock;
  const auto [loaded, errors] =
      LoadConfiguration(line.flags, std::make_shared<net::Network>(clock));
  if (!loaded) {
    PrintErrors(errors);
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
