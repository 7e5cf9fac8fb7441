#include "metrics/store/persistence.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include "base/log.h"
#include "base/parse.h"
#include "metrics/store/segment_loader.h"

namespace tocsin::store {
namespace {

/// Open rounds go to disk before they are this old …
constexpr std::int64_t kFragmentAgeMs = 100'000;
/// … unless their block will have closed by this age.
constexpr std::int64_t kClosingAgeMs = 112'000;

constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 16;

/// More than any segment grows to: a block's record may follow when it is nearly full.
constexpr std::size_t kMaxSegmentRead = std::size_t{256} << 20;

std::uint64_t SegmentBytes(const StoreOptions& options) {
  return std::clamp<std::uint64_t>(options.max_bytes / 16, 128 << 10, 8 << 20);
}

std::string NameOf(std::uint64_t segment) {
  std::array<char, kDigits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + kDigits, segment, 16).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  return std::string(kDigits - size, '0').append(digits.data(), size).append(kSuffix);
}

std::optional<std::uint64_t> NumberOf(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  return ParseInt<std::uint64_t>(name.substr(0, kDigits), 16);
}

}  // namespace

Persistence::Persistence(StoreImpl& store, FileSystem& files)
    : store_(store), files_(files), directory_(store.options().directory) {}

std::string Persistence::PathOf(std::uint64_t segment) const {
  return directory_ + "/" + NameOf(segment);
}

/// Makes the directory ours, and learns what is in it.
Status Persistence::Take() {
  TRY(files_.MakeDirectory(directory_));
  TRY_ASSIGN(auto lock, files_.Lock(directory_));
  TRY_ASSIGN(const auto entries, files_.List(directory_));
  for (const FileEntry& entry : entries) {
    if (const auto number = NumberOf(entry.name)) {
      next_segment_ = std::max(next_segment_, *number + 1);
    }
  }
  lock_ = std::move(lock);
  return Unit{};
}

Status Persistence::Open(WallTime now) {
  const MutexLock lock(mutex_);
  if (Status taken = Take(); !taken) {
    if (taken.error().code() == Errc::kInvalid) return std::move(taken).error().Under("store");
    Report(taken);
    return Unit{};
  }
  LoadAll(now);
  return Unit{};
}

void Persistence::LoadAll(WallTime now) {
  const auto entries = files_.List(directory_);
  if (!entries) {
    Report(entries.error());
    return;
  }
  std::map<std::uint64_t, std::uint64_t> sizes;
  for (const FileEntry& entry : *entries) {
    if (const auto number = NumberOf(entry.name)) sizes[*number] = entry.bytes;
  }
  // The newest, as much as can be of use: so the time that loading takes is bounded.
  std::uint64_t left = 2 * store_.options().max_bytes + SegmentBytes(store_.options());
  auto first = sizes.end();
  while (first != sizes.begin() && std::prev(first)->second <= left) {
    --first;
    left -= first->second;
  }
  for (auto skipped = sizes.begin(); skipped != first; ++skipped) segments_.insert(*skipped);

  const std::int64_t oldest_ms = ToMillis(now) - store_.options().retention.count();
  std::size_t blocks = 0;
  for (auto segment = first; segment != sizes.end(); ++segment) {
    const auto number = segment->first;
    const std::string path = PathOf(number);
    SegmentLoader loader(store_, number, oldest_ms);
    const auto warn = [&](const std::string& what) {
      Counters::Add(store_.counters().corruptions, 1);
      LogWarn("store: a file is damaged; what is whole of it is used",
              {{"file", path}, {"damage", what}});
    };
    auto bytes = files_.Read(path, kMaxSegmentRead);
    if (!bytes) {
      warn(bytes.error().message());
      continue;
    }
    const auto damage = ReadSegment(*bytes, loader);
    if (!damage && damage.error().code() == Errc::kUnsupported) {
      warn(damage.error().message());
      continue;  // not ours to remove either
    }
    segments_.insert(*segment);
    blocks += loader.blocks();
    if (!damage) {
      warn(damage.error().message());
    } else if (damage->places > 0 || loader.lost_blocks() > 0) {
      warn(std::to_string(damage->bytes) + " bytes in " + std::to_string(damage->places) +
           (damage->torn_only ? " place (the end is missing), " : " places, ") +
           std::to_string(loader.lost_blocks()) + " blocks lost");
    }
  }
  LogInfo("store: loaded", {{"directory", directory_},
                            {"segments", std::to_string(sizes.size())},
                            {"blocks", std::to_string(blocks)}});
}

Status Persistence::EnsureWriter(WallTime now) {
  if (!lock_) TRY(Take());
  if (writer_) {
    const auto max_age = store_.options().retention / 6;
    const bool full = writer_->bytes() >= SegmentBytes(store_.options()) ||
                      now - writer_->created() >= max_age || now < writer_->created();
    if (!full) return Unit{};
    writer_ = nullptr;
  }
  const std::uint64_t number = next_segment_++;
  auto file = files_.Create(PathOf(number));
  if (!file) {
    lock_ = nullptr;  // perhaps the directory is gone: take it anew
    return std::move(file).error();
  }
  segments_[number] = 0;
  writer_ = std::make_unique<SegmentWriter>(*std::move(file), number, now, store_.budget());
  TRY(writer_->WriteHead());
  segments_[number] = writer_->bytes();
  return Unit{};
}

Status Persistence::WriteSource(SourceState& source, WallTime now, What what) {
  const auto write = [&](std::span<const SeriesRef> refs, const Block::Shape& shape,
                         std::span<const std::uint8_t> bytes) REQUIRES(mutex_) -> Status {
    TRY(EnsureWriter(now));
    const std::uint64_t before = writer_->bytes();
    TRY(writer_->WriteBlock(source.name(), refs, store_.LabelsOf(refs), shape, bytes));
    bytes_written_ += writer_->bytes() - before;
    segments_[writer_->number()] = writer_->bytes();
    return Unit{};
  };
  for (const Ref<Block>& block : source.Unwritten()) {
    TRY(write(block->set().refs(), block->shape(), block->bytes()));
    source.SetSegment(*block, writer_->number());
  }
  const bool all = what == What::kAll;
  const std::int64_t due_ms = all ? INT64_MAX : ToMillis(now) - kFragmentAgeMs;
  const std::int64_t closing_ms = all ? INT64_MIN : due_ms + kClosingAgeMs;
  if (const auto fragment = source.UnwrittenRounds(due_ms, closing_ms)) {
    TRY(write(fragment->encoded.refs, fragment->shape, fragment->encoded.bytes));
    source.SetFragmentWritten(*fragment, writer_->number());
  }
  return Unit{};
}

Status Persistence::WriteAll(WallTime now, What what) {
  for (const auto& source : store_.Sources()) TRY(WriteSource(*source, now, what));
  if (what == What::kAll && writer_) TRY(writer_->Sync());
  return Unit{};
}

void Persistence::Write(WallTime now, What what) {
  const MutexLock lock(mutex_);
  const std::uint64_t before = bytes_written_;
  const Status status = WriteAll(now, what);
  if (!status) {
    if (writer_ && writer_->bytes() == 0) {  // not even its head: nothing to keep
      (void)files_.Remove(PathOf(writer_->number()));
      segments_.erase(writer_->number());
    }
    writer_ = nullptr;
  }
  if (!status || bytes_written_ > before) Report(status);
  RemoveUnused();
}

/// Removes segments of which the store holds nothing any more.
void Persistence::RemoveUnused() {
  if (!lock_) return;  // the directory may be another's by now
  std::vector<std::uint64_t> used;
  for (const auto& source : store_.Sources()) source->AddSegments(used);
  if (writer_) used.push_back(writer_->number());
  std::sort(used.begin(), used.end());
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    const bool keep = std::binary_search(used.begin(), used.end(), segment->first);
    if (keep || !files_.Remove(PathOf(segment->first))) {
      ++segment;
    } else {
      segment = segments_.erase(segment);
    }
  }
  bytes_ = std::accumulate(
      segments_.begin(), segments_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const auto& numbered) { return sum + numbered.second; });
}

void Persistence::Report(const Status& status) {
  if (!status) ++errors_;
  if (ok_.exchange(status.ok()) == status.ok()) return;
  if (status) {
    LogInfo("store: the disk can be written again", {{"directory", directory_}});
  } else {
    LogWarn("store: cannot write to disk; going on in memory, trying again",
            {{"error", status.error().message()}});
  }
}

Persistence::DiskStats Persistence::Stats() const {
  return {ok_.load(), bytes_.load(), bytes_written_.load(), errors_.load()};
}

}  // namespace tocsin::store
