// A store's directory holds any bytes: opening it, reading everything and going on never fails.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base/log.h"
#include "metrics/store/segment.h"
#include "tests/store/helpers.h"
#include "tests/store/memory_files.h"

using namespace tocsin;
using namespace tocsin::store;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ConfigureLog(LogLevel::kError, LogFormat::kLogfmt);
  return 0;
}

namespace {

/// Makes the checksums right, as no mutation would, so that what they guard is reached.
Bytes WithChecksums(std::span<const std::uint8_t> data) {
  Bytes out;
  PutSegmentHead(out);
  while (data.size() >= 2) {
    const std::size_t size =
        std::min<std::size_t>(data[0] + 256u * (data[1] >> 4), data.size() - 2);
    PutRawRecord(static_cast<std::uint8_t>(1 + (data[1] & 3)), data.subspan(2, size), out);
    data = data.subspan(2 + size);
  }
  return out;
}

void OpenAndUse(Bytes segment) {
  MemoryFiles disk;
  disk.files["/data/0000000000000001.seg"] = std::move(segment);
  StoreOptions options;
  options.max_bytes = 1 << 20;
  options.directory = "/data";
  auto store = Store::Open(options, At(kStart), disk);
  if (!store) std::abort();
  ReadAll(**store);
  (*store)->LabelNames({}, {});
  const auto source = (*store)->OpenSource("s");
  SnapshotMaker maker;
  for (int i = 0; i < 3; ++i) {
    source->Append(maker.Make(kStart + 1000 * i, {{"x", "1", double(i)}}));
    (*store)->Maintain(At(kStart + 1000 * i));
  }
  ReadAll(**store, {}, {}, Want::kLast);
  if ((*store)->Stats().bytes > options.max_bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> input(data, size);
  OpenAndUse(Bytes(input.begin(), input.end()));
  OpenAndUse(WithChecksums(input));
  return 0;
}
