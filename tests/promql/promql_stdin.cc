// The protocol of `tocsin query --stdin` by itself, for promqltest.py and the differential test.
//   promql_stdin [--promql.compat=v2]

#include <iostream>
#include <string_view>

#include "agent/commands/query_stdin.h"

int main(int argc, char** argv) {
  tocsin::promql::EngineOptions options;
  if (argc > 1 && std::string_view(argv[1]) == "--promql.compat=v2") {
    options.compat = tocsin::promql::Compat::kV2;
  }
  tocsin::QueryPipe(options).Run(std::cin, std::cout);
  return 0;
}
