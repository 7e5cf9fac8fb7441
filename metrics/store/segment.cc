#include "metrics/store/segment.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace tocsin::store {
namespace {

constexpr std::string_view kMagic = "TOCSIN\n";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 8;

constexpr std::uint32_t kRecordMark = 0x52cedbaf;
/// Mark, payload size, checksum, type.
constexpr std::size_t kRecordHead = 13;
constexpr std::size_t kSizeAt = 4;
constexpr std::size_t kChecksumAt = 8;
constexpr std::size_t kTypeAt = 12;

enum class RecordType : std::uint8_t { kSeries = 1, kColumns = 2, kBlock = 3 };

/// Of the type and the payload.
std::uint32_t Checksum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(::crc32(0, bytes.data(), static_cast<unsigned>(bytes.size())));
}

std::size_t BeginRecord(RecordType type, Bytes& out) {
  const std::size_t start = out.size();
  PutFixed(kRecordMark, out);
  out.resize(start + kTypeAt);
  out.push_back(static_cast<std::uint8_t>(type));
  return start;
}

void EndRecord(std::size_t start, Bytes& out) {
  const auto size = static_cast<std::uint32_t>(out.size() - start - kRecordHead);
  const std::uint32_t checksum =
      Checksum(std::span<const std::uint8_t>(out).subspan(start + kTypeAt));
  std::memcpy(out.data() + start + kSizeAt, &size, sizeof(size));
  std::memcpy(out.data() + start + kChecksumAt, &checksum, sizeof(checksum));
}

// Each returns false if the payload is not what its type has. (The checksum held: a writer of
// another mind, or a forger.)

bool ReadSeries(ByteReader in, SegmentVisitor& visitor) {
  std::uint64_t id = in.Varint();
  std::vector<LabelView> labels;
  while (in.ok() && in.Left() > 0) {
    const std::uint64_t count = in.Varint();
    if (count > in.Left() || id > ~SegmentId{0}) return false;
    labels.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view name = in.Text();
      const std::string_view value = in.Text();
      if (!value.empty()) labels.push_back({name, value});
    }
    if (in.ok()) visitor.OnSeries(static_cast<SegmentId>(id++), Labels(labels));
  }
  return in.ok();
}

bool ReadColumns(ByteReader in, SegmentVisitor& visitor) {
  const std::uint64_t set = in.Varint();
  const std::string_view source = in.Text();
  std::vector<SegmentId> series;
  series.reserve(in.Left());
  std::uint64_t id = 0;
  while (in.ok() && in.Left() > 0) {
    id += UnZigZag(in.Varint());
    if (id > ~SegmentId{0}) return false;
    series.push_back(static_cast<SegmentId>(id));
  }
  if (!in.ok() || set > ~SegmentId{0}) return false;
  visitor.OnColumns(static_cast<SegmentId>(set), source, std::move(series));
  return true;
}

bool ReadBlock(ByteReader in, SegmentVisitor& visitor) {
  const std::uint64_t set = in.Varint();
  const std::uint64_t min = UnZigZag(in.Varint());
  const std::uint64_t span = in.Varint();
  const std::uint64_t rows = in.Varint();
  if (!in.ok() || set > ~SegmentId{0} || rows == 0 || rows > kMaxRows) return false;
  const Block::Shape shape{static_cast<std::int64_t>(min), static_cast<std::int64_t>(min + span),
                           static_cast<std::uint32_t>(rows), 0};
  if (shape.max_ms < shape.min_ms) return false;
  visitor.OnBlock(static_cast<SegmentId>(set), shape, in.Rest());
  return true;
}

/// Size of the record at the front of `bytes`, 0 if there is no whole one. What checking it costs
/// is taken from `effort`; when that is spent nothing is a record any more.
std::size_t RecordSize(std::span<const std::uint8_t> bytes, std::uint64_t& effort) {
  if (bytes.size() < kRecordHead || LoadFixed<std::uint32_t>(bytes.data()) != kRecordMark) return 0;
  const std::size_t payload = LoadFixed<std::uint32_t>(bytes.data() + kSizeAt);
  if (payload > bytes.size() - kRecordHead || payload > effort) return 0;
  effort -= payload;
  const auto checked = bytes.subspan(kTypeAt, payload + 1);
  if (Checksum(checked) != LoadFixed<std::uint32_t>(bytes.data() + kChecksumAt)) return 0;
  return kRecordHead + payload;
}

bool Visit(std::span<const std::uint8_t> record, SegmentVisitor& visitor) {
  const ByteReader payload(record.subspan(kRecordHead));
  switch (static_cast<RecordType>(record[kTypeAt])) {
    case RecordType::kSeries:
      return ReadSeries(payload, visitor);
    case RecordType::kColumns:
      return ReadColumns(payload, visitor);
    case RecordType::kBlock:
      return ReadBlock(payload, visitor);
  }
  return false;
}

/// How far it is to the next mark after the front of `bytes`, or to the end.
std::size_t ToNextMark(std::span<const std::uint8_t> bytes) {
  std::uint8_t mark[4];
  std::memcpy(mark, &kRecordMark, sizeof(mark));
  const auto found = std::search(bytes.begin() + 1, bytes.end(), std::begin(mark), std::end(mark));
  return static_cast<std::size_t>(found - bytes.begin());
}

}  // namespace

void PutSegmentHead(Bytes& out) {
  out.insert(out.end(), kMagic.begin(), kMagic.end());
  out.push_back(kVersion);
}

void PutSeriesRecord(SegmentId first, std::span<const Labels> series, Bytes& out) {
  const std::size_t start = BeginRecord(RecordType::kSeries, out);
  PutVarint(first, out);
  for (const Labels& labels : series) {
    PutVarint(labels.size(), out);
    for (const LabelView label : labels) {
      PutText(label.name, out);
      PutText(label.value, out);
    }
  }
  EndRecord(start, out);
}

void PutColumnsRecord(SegmentId set, std::string_view source, std::span<const SegmentId> series,
                      Bytes& out) {
  const std::size_t start = BeginRecord(RecordType::kColumns, out);
  PutVarint(set, out);
  PutText(source, out);
  std::uint64_t last = 0;
  for (const SegmentId id : series) {
    PutVarint(ZigZag(id - last), out);
    last = id;
  }
  EndRecord(start, out);
}

void PutBlockRecord(SegmentId set, const Block::Shape& shape, std::span<const std::uint8_t> block,
                    Bytes& out) {
  const std::size_t start = BeginRecord(RecordType::kBlock, out);
  PutVarint(set, out);
  PutVarint(ZigZag(static_cast<std::uint64_t>(shape.min_ms)), out);
  PutVarint(static_cast<std::uint64_t>(shape.max_ms) - static_cast<std::uint64_t>(shape.min_ms),
            out);
  PutVarint(shape.rows, out);
  out.insert(out.end(), block.begin(), block.end());
  EndRecord(start, out);
}

void PutRawRecord(std::uint8_t type, std::span<const std::uint8_t> payload, Bytes& out) {
  const std::size_t start = BeginRecord(static_cast<RecordType>(type), out);
  out.insert(out.end(), payload.begin(), payload.end());
  EndRecord(start, out);
}

Result<SegmentDamage> ReadSegment(std::span<const std::uint8_t> bytes, SegmentVisitor& visitor) {
  SegmentDamage damage;
  if (bytes.size() < kHeadBytes) {  // cut while it was being made
    damage.places = bytes.empty() ? 0 : 1;
    damage.bytes = bytes.size();
    return damage;
  }
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return Error{Errc::kMalformed, "not a segment of a store"};
  }
  if (bytes[kHeadBytes - 1] != kVersion) {
    return Error{Errc::kUnsupported, "written by another version (format " +
                                         std::to_string(bytes[kHeadBytes - 1]) + ", this one has " +
                                         std::to_string(kVersion) + ")"};
  }
  bytes = bytes.subspan(kHeadBytes);
  // Every mark in a damaged stretch may look like a long record: a forged file could make that
  // quadratic.
  constexpr std::uint64_t kEffortPerByte = 8;
  std::uint64_t effort = bytes.size() * kEffortPerByte;
  while (!bytes.empty()) {
    const std::size_t size = RecordSize(bytes, effort);
    if (size > 0 && Visit(bytes.first(size), visitor)) {
      bytes = bytes.subspan(size);
      continue;
    }
    // Whatever this is, the next whole record counts again.
    std::size_t skipped = size > 0 ? size : ToNextMark(bytes);
    while (skipped < bytes.size() && RecordSize(bytes.subspan(skipped), effort) == 0) {
      skipped += ToNextMark(bytes.subspan(skipped));
    }
    ++damage.places;
    damage.bytes += skipped;
    if (skipped < bytes.size() || size > 0) damage.torn_only = false;
    bytes = bytes.subspan(skipped);
  }
  return damage;
}

}  // namespace tocsin::store
