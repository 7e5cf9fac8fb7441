#pragma once
// The bytes of a segment file. FORMAT.md, "Segments". Pure: the disk is persistence.h's.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"
#include "metrics/store/bits.h"
#include "metrics/store/block.h"

namespace tocsin::store {

/// Numbers of series and column sets in one segment, rising from 0.
using SegmentId = std::uint32_t;

/// What every segment begins with.
void PutSegmentHead(Bytes& out);

/// Appends one record to `out`.
void PutSeriesRecord(SegmentId first, std::span<const Labels> series, Bytes& out);
void PutColumnsRecord(SegmentId set, std::string_view source, std::span<const SegmentId> series,
                      Bytes& out);
void PutBlockRecord(SegmentId set, const Block::Shape& shape, std::span<const std::uint8_t> block,
                    Bytes& out);

/// A record of any type, known or not.
void PutRawRecord(std::uint8_t type, std::span<const std::uint8_t> payload, Bytes& out);

/// Takes what a segment holds, in its order. What the arguments point to dies with the call.
class SegmentVisitor {
 public:
  virtual ~SegmentVisitor() = default;
  virtual void OnSeries(SegmentId id, Labels labels) = 0;
  virtual void OnColumns(SegmentId set, std::string_view source, std::vector<SegmentId> series) = 0;
  /// The shape's columns are 0: the set tells. `block` is as it was written, but not checked.
  virtual void OnBlock(SegmentId set, const Block::Shape& shape,
                       std::span<const std::uint8_t> block) = 0;
};

/// What was wrong with a segment.
struct SegmentDamage {
  std::size_t places = 0;   // runs of bytes that are no whole record
  std::uint64_t bytes = 0;  // in them
  bool torn_only = true;    // the only such place is the end of the file
};

/// Reads a whole segment, skipping what is damaged. Errors: kMalformed if it is no segment,
/// kUnsupported if a later version wrote it.
Result<SegmentDamage> ReadSegment(std::span<const std::uint8_t> bytes, SegmentVisitor& visitor);

}  // namespace tocsin::store
