// Any bytes as each kind of value in the state database: nothing, or a value that is written as it
// was read.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "notify/state/codec.h"

using namespace tocsin;

namespace {

template <class Decode, class Encode>
void Check(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value) return;
  const std::string written = encode(*value);
  const auto again = decode(written);
  if (!again || encode(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes, notify::DecodeMessage, notify::EncodeMessage);
  Check(bytes, notify::DecodeLogEntry, notify::EncodeLogEntry);
  Check(bytes, notify::DecodeSilence, notify::EncodeSilence);
  Check(bytes, notify::DecodeAcknowledgement, notify::EncodeAcknowledgement);
  Check(bytes, notify::DecodeAlertRecord, notify::EncodeAlertRecord);
  return 0;
}
