// Any text as blackbox.yml: modules or an error with a position, and what was read can be used.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/response/probe/expectations.h"
#include "collectors/response/probe/module_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::probe;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = ParseYaml(text, "b.yml");
  if (!file) return 0;
  const auto modules = ReadModules(*file);
  if (!modules) {
    if (!modules.error().message().starts_with("b.yml:")) std::abort();
    return 0;
  }
  for (const auto& [name, module] : *modules) {
    const DnsRecord record{1, "a.\t1\tIN\tA\t127.0.0.1", {}};
    CheckHeaders(module->http, std::array{outgoing::Header{"server", "x"}});
    CheckBody(module->http, "some body");
    CheckRecords(module->dns.answer, "answer", std::span(&record, 1));
    for (const QueryResponse& step : module->tcp.steps) {
      if (step.expect) (void)step.expect->Expand(step.send, step.expect->Match("220 host"));
    }
  }
  return 0;
}
