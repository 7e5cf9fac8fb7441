// The first byte chooses format and names; the rest is an exposition.

#include <cstdint>
#include <cstdlib>

#include "metrics/exposition/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::exposition;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  ParseOptions options;
  options.format = (data[0] & 1) != 0 ? Format::kOpenMetrics : Format::kText;
  options.utf8_names = (data[0] & 2) != 0;
  Document document;
  const tocsin::Status status = document.Parse(input, options);
  if (status.ok()) {
    for (const ParsedSample& sample : document.samples()) {
      if (document.Spec(sample).name.empty()) std::abort();
      for (const tocsin::LabelView& label : sample.labels) {
        if (label.name.empty() || label.name == tocsin::kMetricName) std::abort();
      }
    }
  } else if (status.error().message().find(':') == std::string::npos) {
    std::abort();  // an error without a position
  }
  return 0;
}
