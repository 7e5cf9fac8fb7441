// notify_driver CONFIG.yml: the notify room as a process, for tests/integration. Reads commands:
//   fire SEVERITY NAME=VALUE…     a firing alert; a changed severity replaces the labels sent
//   before resolve NAME=VALUE…           its end stats                         one line a
//   destination: name|delivered|queued|last error quit                          drains for 5 s;
//   "drained" or "left"
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "notify/service.h"
#include "notify/system_transport.h"

using namespace tocsin;

namespace {

struct Known {
  Labels labels;
  WallTime fired_at;
};

int Fail(const Error& error) {
  std::cerr << error.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const SystemClock clock;
  const auto file = ReadYamlFile(argv[1]);
  if (!file) return Fail(file.error());
  auto config = notify::ReadNotifyConfig(*file, *file->root, {});
  if (!config) return Fail(config.error());
  auto transport = notify::MakeSystemTransport(clock);
  if (!transport) return Fail(transport.error());
  notify::Notifications notifications(clock, *std::move(transport), 1);
  notifications.Apply(*std::move(config));
  notifications.Start();

  std::map<Labels, Known> known;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string command;
    in >> command;
    if (command == "quit") break;
    if (command == "stats") {
      for (const auto& s : notifications.Stats()) {
        std::cout << s.destination << "|" << s.delivered << "|" << s.queued << "|" << s.last_error
                  << std::endl;
      }
      continue;
    }
    AlertEvent event;
    std::string severity;
    if (command == "fire") in >> severity;
    LabelsBuilder labels;
    for (std::string pair; in >> pair;) {
      const auto equals = pair.find('=');
      labels.Set(pair.substr(0, equals), pair.substr(equals + 1));
    }
    event.identity = labels.Build();
    const WallTime now = clock.Wall();
    Known& alert = known.emplace(event.identity, Known{{}, now}).first->second;
    event.labels = severity.empty()  ? alert.labels
                   : severity == "-" ? event.identity
                                     : event.identity.With("severity", severity);
    if (!alert.labels.empty() && alert.labels != event.labels) event.replaced_labels = alert.labels;
    alert.labels = event.labels;
    event.fired_at = alert.fired_at;
    event.valid_until = now + std::chrono::minutes(4);
    event.annotations = {{"summary", "from the driver"}};
    if (command == "resolve") {
      event.state = AlertState::kInactive;
      event.resolved_at = now;
      known.erase(event.identity);
    }
    notifications.Send(std::span(&event, 1));
  }
  std::cout << (notifications.Drain(clock.Mono() + seconds(5)) ? "drained" : "left") << std::endl;
  return 0;
}
