#pragma once
// Puts what a segment holds into a store.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/store/segment.h"
#include "metrics/store/store_impl.h"

namespace tocsin::store {

/// For one segment. Blocks that ended before `oldest_ms` are left out.
class SegmentLoader final : public SegmentVisitor {
 public:
  SegmentLoader(StoreImpl& store, std::uint64_t segment, std::int64_t oldest_ms)
      : store_(store), segment_(segment), oldest_ms_(oldest_ms) {}

  void OnSeries(SegmentId id, Labels labels) override;
  void OnColumns(SegmentId set, std::string_view source, std::vector<SegmentId> series) override;
  void OnBlock(SegmentId set, const Block::Shape& shape,
               std::span<const std::uint8_t> block) override;

  std::size_t blocks() const { return blocks_; }
  /// Blocks that could not be used: damaged within, or what names their series is lost.
  std::size_t lost_blocks() const { return lost_blocks_; }

 private:
  struct Set {
    std::string source;
    std::vector<SegmentId> series;
    std::shared_ptr<SourceState> state;  // once it has a block
    Ref<const ColumnSet> columns;
  };

  void Resolve(Set& set, const Block::Shape& shape);

  StoreImpl& store_;
  const std::uint64_t segment_;
  const std::int64_t oldest_ms_;
  std::unordered_map<SegmentId, Labels> series_;
  std::unordered_map<SegmentId, Set> sets_;
  std::size_t blocks_ = 0;
  std::size_t lost_blocks_ = 0;
};

}  // namespace tocsin::store
