// Serves a page of 1,500 series and nothing else: page_server ADDRESS THREADS. For measuring the
// way from the socket to the cached page without the rest of the agent; tests/bench/table measures
// the agent itself.

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "agent/http/civetweb_server.h"
#include "agent/http/router.h"
#include "agent/http/wrappers.h"
#include "tests/bench/page_source.h"

int main(int argc, char** argv) {
  using namespace tocsin;
  if (argc != 3) {
    std::cerr << "usage: page_server ADDRESS THREADS\n";
    return 2;
  }
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);

  const bench::PageSource source(1500);
  exposition::Page page(source);
  http::Router router;
  router.Add("/metrics", {"GET"}, http::Limited(http::MetricsHandler(page), 24));
  const auto server =
      http::StartCivetweb({.listen_addresses = {argv[1]}, .threads = std::atoi(argv[2])},
                          [&](const http::Request& request) { return router.Handle(request); });
  if (!server) {
    std::cerr << server.error().message() << '\n';
    return 1;
  }
  std::cout << (*server)->addresses()[0] << std::endl;
  int signal = 0;
  sigwait(&end, &signal);
  return 0;
}
