// notify_driver CONFIG.yml [STATE_FOLDER]: the notify room as a process, for tests/integration.
// Alerts are kept in the state folder as the agent keeps them. Reads commands:
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

int Fail(const Error& error) {
  std::cerr << error.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  const SystemClock clock;
  const auto file = ReadYamlFile(argv[1]);
  if (!file) return Fail(file.error());
  auto config = notify::ReadNotifyConfig(*file, *file->root, {});
  if (!config) return Fail(config.error());
  auto transport = notify::MakeSystemTransport(clock);
  if (!transport) return Fail(transport.error());
  std::unique_ptr<notify::StateStore> state;
  if (argc == 3) {
    auto opened = notify::StateStore::Open({argv[2], {}}, clock.Wall());
    if (!opened) return Fail(opened.error());
    state = *std::move(opened);
  }
  notify::Notifications notifications(
      clock, {.transport = *std::move(transport), .seed = 1, .state = std::move(state)});
  notifications.Apply(*std::move(config));
  std::map<Labels, AlertRecord> known;  // by identity
  for (AlertRecord& record : notifications.TakeAlertRecords()) {
    const Labels identity = record.identity;
    known.emplace(identity, std::move(record));
  }
  notifications.Start();

  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string command;
    in >> command;
    if (command == "quit") break;
    if (command == "sync") {
      std::cout << "ok" << std::endl;
      continue;
    }
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
    AlertRecord& alert = known[event.identity];
    if (!alert.sent_labels || alert.sent_resolved) {
      alert = {};
      alert.identity = event.identity;
      alert.source = event.identity;
      alert.status.fired_at = now;
    }
    event.labels = severity.empty()  ? alert.sent_labels.value_or(event.identity)
                   : severity == "-" ? event.identity
                                     : event.identity.With("severity", severity);
    if (alert.sent_labels && *alert.sent_labels != event.labels) {
      event.replaced_labels = alert.sent_labels;
    }
    alert.sent_labels = event.labels;
    event.fired_at = alert.status.fired_at;
    event.valid_until = now + std::chrono::minutes(4);
    event.annotations = {{"summary", "from the driver"}};
    if (command == "resolve") {
      event.state = AlertState::kInactive;
      event.resolved_at = now;
      alert.sent_resolved = true;
      alert.status.resolved_at = now;
    }
    notifications.Send(std::span(&event, 1));
    std::vector<AlertRecord> records;
    for (const auto& [identity, record] : known) records.push_back(record);
    notifications.SaveAlerts(records);
  }
  std::cout << (notifications.Drain(clock.Mono() + seconds(5)) ? "drained" : "left") << std::endl;
  return 0;
}
