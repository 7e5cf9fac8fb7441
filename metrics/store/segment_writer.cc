#include <algorithm>

#include "metrics/store/persistence.h"

namespace tocsin::store {

Status SegmentWriter::Write(const Bytes& bytes) {
  if (Status written = file_->Append(bytes); !written) {
    // Readers skip half a record, but it should not stay if that can be helped.
    (void)file_->Truncate(bytes_);
    return written;
  }
  bytes_ += bytes.size();
  return Unit{};
}

Status SegmentWriter::WriteHead() {
  Bytes head;
  PutSegmentHead(head);
  return Write(head);
}

void SegmentWriter::Account() {
  std::size_t now = sizeof(SegmentWriter) + series_.capacity() * sizeof(KnownSeries);
  for (const auto& [source, set] : sets_) {
    now += sizeof(KnownSet) + source.capacity() + set.series.capacity() * sizeof(SegmentId);
  }
  budget_.Add(now);
  budget_.Sub(accounted_);
  accounted_ = now;
}

Status SegmentWriter::WriteBlock(const std::string& source, std::span<const SeriesRef> refs,
                                 std::span<const Labels> labels, const Block::Shape& shape,
                                 std::span<const std::uint8_t> block) {
  Bytes out;
  out.reserve(block.size() + refs.size() * 4 + 64);

  std::vector<SegmentId> ids;
  ids.reserve(refs.size());
  std::vector<Labels> added;
  const SegmentId first_added = next_series_;
  if (!refs.empty() && refs.back() >= series_.size()) series_.resize(refs.back() + std::size_t{1});
  for (std::size_t i = 0; i < refs.size(); ++i) {
    // A ref that now means another series is known by its labels.
    KnownSeries& known = series_[refs[i]];
    if (known.labels.empty() || !(known.labels == labels[i])) {
      known = {labels[i], next_series_++};
      added.push_back(labels[i]);
    }
    ids.push_back(known.id);
  }
  if (!added.empty()) PutSeriesRecord(first_added, added, out);

  KnownSet& set = sets_[source];
  if (set.series.empty() || set.series != ids) {
    PutColumnsRecord(next_set_, source, ids, out);
    set = {std::move(ids), next_set_++};
  }
  PutBlockRecord(set.id, shape, block, out);
  Account();
  return Write(out);
}

}  // namespace tocsin::store
