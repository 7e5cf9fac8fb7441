// The state of a leak detector from a file: refused, or fit to go on with.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/trend/detector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::trend;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto detector = Detector::Import(bytes);
  if (!detector) return 0;
  const DetectorOptions options = DetectorOptions::Preset(Sensitivity::kMedium);
  static_cast<void>(detector->leak());
  static_cast<void>(detector->Floors());
  // Over bucket ends of all scales, from where the state stands.
  std::int64_t t = 1'700'000'000;
  for (int i = 0; i < 300; ++i) {
    t += 60 + 15 * (i % 7);
    detector->Push({.t_seconds = t, .value = 1e6 + 1e4 * i, .limit = 1e9, .work = 5.0 * i},
                   options);
  }
  if (!Detector::Import(detector->Export())) std::abort();
  return 0;
}
