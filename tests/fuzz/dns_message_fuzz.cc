// Any bytes as a DNS answer: records of printable text, no more of it than the message allows.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/response/probe/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::probe;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto answer = ParseDnsAnswer(message);
  if (!answer) return 0;
  for (const auto* section : {&answer->answer, &answer->authority, &answer->additional}) {
    for (const DnsRecord& record : *section) {
      for (const char c : record.text) {
        if (c != '\t' && (c < 0x20 || c > 0x7e)) std::abort();
      }
      // Three names of 255 bytes, escaped, and what else is in it.
      if (record.text.size() > 4 * (3 * 255 + size) + 100) std::abort();
    }
  }
  return 0;
}
