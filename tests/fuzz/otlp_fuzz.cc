// Bodies pushed by OTLP: JSON if they begin with '{', else protobuf, twice.

#include <cstdlib>

#include "collectors/response/otlp/store.h"
#include "metrics/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  otlp::StoreLimits limits;
  limits.max_series = 50;
  otlp::Store store(limits, [](std::string_view name) { return name == "reserved"; });
  store.MoveTo(MonoTime(seconds(1)));
  const auto encoding =
      body.starts_with('{') ? otlp::Store::Encoding::kJson : otlp::Store::Encoding::kProtobuf;
  for (int i = 0; i < 2; ++i) {
    const auto pushed = store.Push(body, encoding);
    if (pushed && pushed->rejected > 0 && pushed->message.empty()) std::abort();
  }
  if (store.size() > limits.max_series) std::abort();
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  store.AddTo(writer);
  // Whatever was pushed, the round is one: no series twice, no family of two types.
  if (!writer.Finish()) std::abort();
  store.MoveTo(MonoTime(std::chrono::hours(1)));
  if (store.size() != 0) std::abort();
  return 0;
}
