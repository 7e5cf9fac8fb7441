// Any bytes as an alertmanager.yml, as a `notify` section and as matchers. What loads takes an
// alert from rule to rendered request.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "notify/config.h"
#include "notify/route/groups.h"
#include "notify/routing_config.h"

using namespace tocsin;

namespace {

void Send(const notify::Routing& routing) {
  const Moment start{FromMillis(1'700'000'000'000), MonoTime(std::chrono::hours(1))};
  notify::Silences silences;
  notify::Acknowledgements acknowledgements;
  notify::NotificationLog log;
  notify::AlertGroups groups(routing.config, silences, acknowledgements, log, start);
  notify::Alert alert;
  alert.labels = {{"alertname", "A"}, {"severity", "critical"}, {"team", "x"}};
  alert.annotations = {{"summary", "s"}};
  alert.starts_at = start.wall;
  groups.Put(alert, start);
  const auto due = groups.NextDue();
  if (!due) std::abort();
  const Moment later{start.wall, *due};
  for (const notify::Outgoing& out : groups.Advance(later)) {
    for (const notify::ReceiverDestination& destination : routing.destinations) {
      if (destination.name != out.destination) continue;
      (void)destination.notifier->Render(std::span(&out.message, 1), later.wall);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto matchers = notify::ParseMatchers(text)) {
    notify::Matchers sorted = *matchers;
    notify::SortMatchers(sorted);
    const auto again = notify::ParseMatchers(notify::MatchersText(sorted));
    if (!again || notify::MatchersText(*again) != notify::MatchersText(sorted)) std::abort();
  }
  const auto file = ParseYaml(text, "f.yml");
  // Other files are not this fuzzer's to read.
  if (!file || text.find("templates") != text.npos || text.find("_file") != text.npos) return 0;
  (void)notify::ReadNotifyConfig(*file, *file->root, {});
  YamlFields fields(*file, *file->root, "f");
  const auto routing = notify::ReadRouting(fields, notify::InlineSecrets::kAllowed, "http://x");
  if (routing && routing->config) Send(*routing);
  return 0;
}
