#pragma once
// A store's directory: what was read at the start, and what is written as blocks close. FORMAT.md
// tells what is promised.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "metrics/store/files.h"
#include "metrics/store/segment.h"
#include "metrics/store/store_impl.h"

namespace tocsin::store {

/// The segment that is being written. One thread at a time.
class SegmentWriter {
 public:
  SegmentWriter(std::unique_ptr<AppendFile> file, std::uint64_t number, WallTime created,
                Budget& budget)
      : file_(std::move(file)), number_(number), created_(created), budget_(budget) {}
  ~SegmentWriter() { budget_.Sub(accounted_); }
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  std::uint64_t number() const { return number_; }
  WallTime created() const { return created_; }
  /// Of whole records, the head included.
  std::uint64_t bytes() const { return bytes_; }

  /// Errors: kIo; then the file ends with the last whole record if that could be arranged, and the
  /// writer is of no more use.
  Status WriteHead();
  /// Column i of the block is of series refs[i], which has labels[i].
  Status WriteBlock(const std::string& source, std::span<const SeriesRef> refs,
                    std::span<const Labels> labels, const Block::Shape& shape,
                    std::span<const std::uint8_t> block);
  Status Sync() { return file_->Sync(); }

 private:
  struct KnownSeries {
    Labels labels;
    SegmentId id;
  };
  struct KnownSet {
    std::vector<SegmentId> series;
    SegmentId id;
  };

  Status Write(const Bytes& bytes);
  void Account();

  const std::unique_ptr<AppendFile> file_;
  const std::uint64_t number_;
  const WallTime created_;
  Budget& budget_;
  std::size_t accounted_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<KnownSeries> series_;  // by ref
  SegmentId next_series_ = 0;
  std::map<std::string, KnownSet> sets_;  // the last one of each source
  SegmentId next_set_ = 0;
};

/// Thread-safe.
class Persistence {
 public:
  /// Both outlive it.
  Persistence(StoreImpl& store, FileSystem& files);

  /// Takes the directory and loads it. Errors: kInvalid if another process holds it.
  Status Open(WallTime now);

  enum class What {
    kDue,  // closed blocks, and open rounds that would otherwise be kept back too long
    kAll,  // everything, synced
  };
  void Write(WallTime now, What what);

  struct DiskStats {
    bool ok;
    std::uint64_t bytes;
    std::uint64_t bytes_written;
    std::uint64_t errors;
  };
  DiskStats Stats() const;

 private:
  std::string PathOf(std::uint64_t segment) const;
  Status Take() REQUIRES(mutex_);
  void LoadAll(WallTime now) REQUIRES(mutex_);
  Status WriteSource(SourceState& source, WallTime now, What what) REQUIRES(mutex_);
  Status WriteAll(WallTime now, What what) REQUIRES(mutex_);
  Status EnsureWriter(WallTime now) REQUIRES(mutex_);
  void RemoveUnused() REQUIRES(mutex_);
  void Report(const Status& status) REQUIRES(mutex_);

  StoreImpl& store_;
  FileSystem& files_;
  const std::string directory_;

  mutable Mutex mutex_;
  std::unique_ptr<DirectoryLock> lock_ GUARDED_BY(mutex_);
  std::unique_ptr<SegmentWriter> writer_ GUARDED_BY(mutex_);
  std::map<std::uint64_t, std::uint64_t> segments_ GUARDED_BY(mutex_);  // sizes of those we know
  std::uint64_t next_segment_ GUARDED_BY(mutex_) = 1;

  // Written under the mutex, read without: whoever asks must not wait for a disk that hangs.
  std::atomic<bool> ok_ = true;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> bytes_written_ = 0;
  std::atomic<std::uint64_t> errors_ = 0;
};

}  // namespace tocsin::store
