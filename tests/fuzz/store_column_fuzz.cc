// A column's bytes are anything; and any column of values comes back to the last bit.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "metrics/store/block.h"

using namespace tocsin::store;

namespace {

void DecodeAnything(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 3) return;
  std::vector<std::uint64_t> rows(1 + bytes[0] % kMaxRows);
  DecodeColumn(bytes.subspan(1), rows);

  const BlockReader reader(bytes.subspan(2), bytes[0] + 1u, bytes[1]);
  std::vector<std::int64_t> times(bytes[0] + 1u);
  if (!reader.Times(times)) return;
  std::vector<std::uint64_t> block_rows(times.size());
  for (std::uint32_t column = 0; column < bytes[1]; ++column) {
    DecodeColumn(reader.Column(column), block_rows);
  }
}

void RoundTrip(std::span<const std::uint8_t> bytes) {
  const std::size_t n = std::min(bytes.size() / 8, kMaxRows);
  if (n == 0) return;
  std::vector<std::uint64_t> rows(n);
  std::memcpy(rows.data(), bytes.data(), n * 8);
  Bytes encoded;
  EncodeColumn(rows, encoded);
  std::vector<std::uint64_t> back(n);
  if (DecodeColumn(encoded, back) == ColumnKind::kCorrupt || back != rows) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DecodeAnything({data, size});
  RoundTrip({data, size});
  return 0;
}
