#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "agent/commands/commands.h"
#include "agent/runtime/agent.h"
#include "agent/runtime/memory.h"
#include "agent/runtime/service_manager.h"
#include "agent/version.h"
#include "base/log.h"

namespace tocsin {
namespace {

/// SIGTERM ends the agent within 5 s; the rest is for what cannot be waited for.
constexpr milliseconds kStopPatience = seconds(4);

sigset_t HandledSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) ::sigaddset(&signals, signal);
  return signals;
}

}  // namespace

int RunAgent(const CommandLine& line) {
  // Blocked before any thread begins, so that only this one takes them.
  const sigset_t signals = HandledSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is as a full disk
  ConfigureMalloc();

  static const SystemClock clock;  // rounds that hang may outlive this function
  auto started = Agent::Start(line.flags, clock);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message().c_str());
    return 1;
  }
  Agent& agent = **started;
  std::string where;
  for (const std::string& address : agent.addresses()) {
    where.append(where.empty() ? "" : ", ").append(address);
  }
  LogInfo("tocsin " + std::string(kVersion) + " is running: " + where);
  NotifyServiceManager("READY=1\nSTATUS=" + where);
  while (true) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    NotifyServiceManager("RELOADING=1");
    (void)agent.Reload();  // logged there
    NotifyServiceManager("READY=1");
  }
  LogInfo("stopping");
  NotifyServiceManager("STOPPING=1");
  if (agent.Stop(kStopPatience)) return 0;
  LogWarn("a collector or a client hangs and is left behind");
  std::_Exit(0);
}

}  // namespace tocsin
