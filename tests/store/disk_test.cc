// Restarts, crashes at every write, damaged files, full disks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/base/temp_folder.h"
#include "tests/store/helpers.h"
#include "tests/store/memory_files.h"

namespace tocsin::store {
namespace {

using testing::HasSubstr;

StoreOptions OnDisk() { return {.retention = std::chrono::hours(3), .directory = "/data"}; }

std::unique_ptr<Store> OpenOn(MemoryFiles& disk, std::int64_t now_ms,
                              StoreOptions options = OnDisk()) {
  auto store = Store::Open(std::move(options), At(now_ms), disk);
  EXPECT_TRUE(store.ok());
  return *std::move(store);
}

/// A host with sources of several intervals, whose series come and go; what it appended is known.
class Host {
 public:
  explicit Host(Store& store) : store_(store) {
    for (const auto& [name, interval] : kIntervals) sources_.push_back(store.OpenSource(name));
  }

  /// Lives from one second to another, and maintains the store every 5 seconds.
  void Live(int from_s, int to_s) {
    for (int s = from_s; s < to_s; ++s) {
      const std::int64_t t = kStart + s * 1000;
      for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (s % kIntervals[i].second != 0) continue;
        Append(i, s, t + static_cast<std::int64_t>(i));
      }
      if (s % 5 == 4) store_.Maintain(At(t + 999));
      if (stop_when && stop_when()) {
        stopped_ms = t + 999;
        return;
      }
    }
    stopped_ms = kStart + to_s * 1000;
  }

  PlainSeries appended;
  std::function<bool()> stop_when;
  std::int64_t stopped_ms = 0;

 private:
  inline static const std::vector<std::pair<std::string, int>> kIntervals = {
      {"fast", 1}, {"slow", 15}, {"slower", 60}};

  void Append(std::size_t source, int s, std::int64_t t) {
    const std::string name = kIntervals[source].first;
    std::vector<Point> points = {
        {name, "constant", 42}, {name, "counter", double(s) * 3}, {name, "float", double(s) / 7}};
    if (s % 200 < 120) points.push_back({name, "sometimes", double(s % 10)});
    for (const Point& point : points) {
      Add(name + "{l=\"" + point.l + "\"}", t, point.value);
    }
    if (s % 200 >= 120 && points_before_[source] == 4) {
      Add(name + "{l=\"sometimes\"}", t, StaleNan());
    }
    points_before_[source] = points.size();
    sources_[source]->Append(makers_[source].Make(t, points));
  }
  void Add(const std::string& labels, std::int64_t t, double v) {
    appended[labels].emplace_back(t, std::bit_cast<std::uint64_t>(v));
  }

  Store& store_;
  std::vector<std::unique_ptr<Source>> sources_;
  SnapshotMaker makers_[3];
  std::size_t points_before_[3] = {};
};

/// Every sample of `found` was appended, and those appended up to `promised_ms` are all there.
void ExpectSurvived(const PlainSeries& found, const PlainSeries& appended,
                    std::int64_t promised_ms) {
  for (const auto& [labels, samples] : found) {
    ASSERT_TRUE(appended.contains(labels)) << labels;
    const Plain& all = appended.at(labels);
    EXPECT_TRUE(std::includes(all.begin(), all.end(), samples.begin(), samples.end())) << labels;
  }
  for (const auto& [labels, samples] : appended) {
    const auto survived = found.find(labels);
    std::size_t missing = 0;
    for (const auto& sample : samples) {
      if (sample.first > promised_ms) break;
      const bool there =
          survived != found.end() &&
          std::binary_search(survived->second.begin(), survived->second.end(), sample);
      if (!there) ++missing;
    }
    EXPECT_EQ(missing, 0u) << labels;
  }
}

TEST(RestartTest, AFlushKeepsEverything) {
  MemoryFiles disk;
  PlainSeries before;
  {
    const auto store = OpenOn(disk, kStart);
    Host host(*store);
    host.Live(0, 700);
    store->Flush(At(host.stopped_ms));
    EXPECT_GT(disk.syncs, 0u);
    before = ReadAll(*store);
    EXPECT_EQ(before, host.appended);
    EXPECT_TRUE(store->Stats().disk_ok);
    EXPECT_GT(store->Stats().disk_bytes, 0u);
    EXPECT_GE(store->Stats().disk_bytes_written, store->Stats().disk_bytes / 2);
  }
  const auto store = OpenOn(disk, kStart + 700'000);
  EXPECT_EQ(ReadAll(*store), before);
  EXPECT_EQ(ReadAll(*store, {*Matcher::Make(MatchOp::kRegex, "l", "c.*")}).size(), 6u);
  EXPECT_EQ(store->Stats().corruptions, 0u);
}

TEST(RestartTest, ManyRestartsAreOneHistory) {
  MemoryFiles disk;
  PlainSeries appended;
  for (int life = 0; life < 20; ++life) {
    const auto store = OpenOn(disk, kStart + life * 97'000);
    Host host(*store);
    host.Live(life * 97, (life + 1) * 97);
    for (const auto& [labels, samples] : host.appended) {
      Plain& all = appended[labels];
      all.insert(all.end(), samples.begin(), samples.end());
    }
    store->Flush(At(host.stopped_ms));
    ASSERT_EQ(ReadAll(*store), appended) << "life " << life;
  }
  const auto store = OpenOn(disk, kStart + 20 * 97'000);
  EXPECT_EQ(ReadAll(*store), appended);
}

TEST(RestartTest, ASeriesThatIsGoneLeavesItsNumberToAnother) {
  MemoryFiles disk;
  StoreOptions options = OnDisk();
  options.retention = std::chrono::minutes(10);
  PlainSeries before;
  {
    const auto store = OpenOn(disk, kStart, options);
    const auto source = store->OpenSource("a");
    SnapshotMaker maker;
    // New series all the time, the old ones expire: refs are used again and again.
    for (int s = 0; s < 3000; ++s) {
      const std::int64_t t = kStart + s * 1000;
      source->Append(maker.Make(t, {{"x", std::to_string(s / 50), double(s)}, {"y", "", 1}}));
      if (s % 5 == 0) store->Maintain(At(t));
    }
    EXPECT_GT(store->Stats().series_removed, 20u);
    store->Flush(At(kStart + 3'000'000));
    before = ReadAll(*store);
  }
  EXPECT_EQ(ReadAll(*OpenOn(disk, kStart + 3'000'000, options)), before);
}

TEST(RestartTest, WhatRetentionDropsLeavesTheDiskToo) {
  MemoryFiles disk;
  StoreOptions options = OnDisk();
  options.retention = std::chrono::minutes(20);
  const auto store = OpenOn(disk, kStart, options);
  Host host(*store);
  host.Live(0, 1800);
  const std::size_t bytes_then = store->Stats().disk_bytes;
  host.Live(1800, 7200);
  EXPECT_LT(store->Stats().disk_bytes, bytes_then * 2);
  EXPECT_LE(disk.files.size(), 12u);
  EXPECT_GT(store->Stats().blocks_expired, 0u);
  store->Flush(At(host.stopped_ms));
  const auto before = ReadAll(*store);
  host.stop_when = nullptr;
  EXPECT_EQ(before.at("fast{l=\"counter\"}").back().first, kStart + 7199 * 1000);
}

TEST(RestartTest, ASmallerBudgetKeepsTheNewest) {
  MemoryFiles disk;
  {
    const auto store = OpenOn(disk, kStart);
    const auto source = store->OpenSource("a");
    SnapshotMaker maker;
    for (int s = 0; s < 9000; ++s) {
      std::vector<Point> points;
      for (int i = 0; i < 20; ++i) points.push_back({"x", std::to_string(i), 1.0 / (s + i + 1)});
      source->Append(maker.Make(kStart + s * 1000, points));
      if (s % 5 == 0) store->Maintain(At(kStart + s * 1000));
    }
    store->Flush(At(kStart + 9'000'000));
    EXPECT_GT(store->Stats().bytes, std::size_t{768} << 10);
  }
  StoreOptions options = OnDisk();
  options.max_bytes = 512 << 10;
  const auto store = OpenOn(disk, kStart + 9'000'000, options);
  EXPECT_LE(store->Stats().bytes, options.max_bytes);
  const PlainSeries all = ReadAll(*store);
  ASSERT_EQ(all.size(), 20u);
  EXPECT_EQ(all.begin()->second.back().first, kStart + 8999 * 1000);
  store->Maintain(At(kStart + 9'000'000));
  std::size_t on_disk = 0;
  for (const auto& [path, bytes] : disk.files) on_disk += bytes.size();
  EXPECT_LT(on_disk, options.max_bytes * 2);
}

TEST(CrashTest, ACutAtEveryWriteCostsAtMostTwoMinutes) {
  constexpr int kSeconds = 700;
  MemoryFiles uncut;
  {
    const auto store = OpenOn(uncut, kStart);
    Host host(*store);
    host.Live(0, kSeconds);
  }
  ASSERT_GT(uncut.operations(), 15u);
  for (std::size_t operation = 0; operation < uncut.operations(); ++operation) {
    for (const std::size_t part : {0u, 1u, 20u, 300u, 100'000u}) {
      SCOPED_TRACE(testing::Message() << "operation " << operation << ", part " << part);
      MemoryFiles disk;
      disk.CutAt(operation, part);
      Host* host = nullptr;
      std::unique_ptr<Host> lives;
      PlainSeries appended;
      std::int64_t stopped_ms = 0;
      {
        const auto store = OpenOn(disk, kStart);
        lives = std::make_unique<Host>(*store);
        host = lives.get();
        host->stop_when = [&] { return disk.WasCut(); };
        host->Live(0, kSeconds);
        appended = host->appended;
        stopped_ms = host->stopped_ms;
        lives.reset();
      }
      disk.CutAt(std::numeric_limits<std::size_t>::max(), 0);
      const auto store = OpenOn(disk, stopped_ms);
      ExpectSurvived(ReadAll(*store), appended, stopped_ms - 120'000);
      // And life goes on.
      Host next(*store);
      next.Live(kSeconds, kSeconds + 5);
      EXPECT_TRUE(store->Stats().disk_ok);
      if (HasFailure()) return;
    }
  }
}

TEST(DamageTest, AChangedByteCostsWhatIsAroundIt) {
  MemoryFiles disk;
  PlainSeries appended;
  {
    const auto store = OpenOn(disk, kStart);
    Host host(*store);
    host.Live(0, 700);
    store->Flush(At(host.stopped_ms));
    appended = host.appended;
  }
  ASSERT_EQ(disk.files.count("/data/0000000000000001.seg"), 1u);
  const std::map<std::string, Bytes> whole = disk.files;
  const std::size_t size = whole.at("/data/0000000000000001.seg").size();
  std::size_t all_lost = 0;
  for (std::size_t at = 0; at < size; at += 7) {
    disk.files = whole;
    Bytes& bytes = disk.files.at("/data/0000000000000001.seg");
    bytes[at] ^= static_cast<std::uint8_t>(1 + at % 255);
    const auto store = OpenOn(disk, kStart + 700'000);
    const PlainSeries found = ReadAll(*store);
    ExpectSurvived(found, appended, 0);
    EXPECT_GE(store->Stats().corruptions, 1u);
    std::size_t kept = 0;
    for (const auto& [labels, samples] : found) kept += samples.size();
    if (kept == 0) ++all_lost;
    ASSERT_FALSE(HasFailure()) << "byte " << at;
  }
  // Only the file's first bytes, and the names at its front, are needed by everything.
  EXPECT_LT(all_lost, 5u);
}

TEST(DamageTest, AFileThatEndsAnywhereIsReadUpToThere) {
  MemoryFiles disk;
  PlainSeries appended;
  {
    const auto store = OpenOn(disk, kStart);
    Host host(*store);
    host.Live(0, 400);
    store->Flush(At(host.stopped_ms));
    appended = host.appended;
  }
  const Bytes whole = disk.files.at("/data/0000000000000001.seg");
  for (std::size_t size = 0; size < whole.size(); size += 11) {
    disk.files.clear();
    disk.files["/data/0000000000000001.seg"] =
        Bytes(whole.begin(), whole.begin() + static_cast<long>(size));
    const auto store = OpenOn(disk, kStart + 400'000);
    ExpectSurvived(ReadAll(*store), appended, 0);
    ASSERT_FALSE(HasFailure()) << "size " << size;
  }
}

TEST(DamageTest, FilesOfOthersAreLeftAlone) {
  MemoryFiles disk;
  Bytes later = {'T', 'O', 'C', 'S', 'I', 'N', '\n', 2, 1, 2, 3};
  disk.files["/data/0000000000000007.seg"] = later;
  disk.files["/data/notes.txt"] = {'h', 'i'};
  disk.files["/data/0000000000000003.seg"] = Bytes(100, 0);  // zeroed by a crash
  {
    const auto store = OpenOn(disk, kStart);
    EXPECT_EQ(store->Stats().corruptions, 2u);
    Host host(*store);
    host.Live(0, 300);
    store->Flush(At(host.stopped_ms));
  }
  EXPECT_EQ(disk.files.at("/data/0000000000000007.seg"), later);
  EXPECT_EQ(disk.files.count("/data/notes.txt"), 1u);
  EXPECT_EQ(disk.files.count("/data/0000000000000003.seg"), 0u);
  EXPECT_EQ(disk.files.count("/data/0000000000000008.seg"), 1u);
}

TEST(DiskTest, AFullDiskIsSaidAndHealsItself) {
  MemoryFiles disk;
  disk.capacity = 3000;
  PlainSeries appended;
  {
    const auto store = OpenOn(disk, kStart);
    Host host(*store);
    host.Live(0, 900);
    EXPECT_FALSE(store->Stats().disk_ok);
    EXPECT_GT(store->Stats().disk_errors, 1u);
    EXPECT_EQ(ReadAll(*store), host.appended);
    EXPECT_LE(disk.files.size(), 3u);
    disk.capacity = 1 << 30;
    host.Live(900, 1000);
    EXPECT_TRUE(store->Stats().disk_ok);
    store->Flush(At(host.stopped_ms));
    appended = host.appended;
  }
  const auto store = OpenOn(disk, kStart + 1'000'000);
  EXPECT_EQ(ReadAll(*store), appended);
  EXPECT_EQ(store->Stats().corruptions, 0u);
}

TEST(DiskTest, AReadOnlyDirectoryIsMemoryOnlyUntilItIsWritable) {
  MemoryFiles disk;
  disk.read_only = true;
  const auto store = OpenOn(disk, kStart);
  Host host(*store);
  host.Live(0, 300);
  EXPECT_FALSE(store->Stats().disk_ok);
  EXPECT_EQ(ReadAll(*store), host.appended);
  disk.read_only = false;
  host.Live(300, 310);
  EXPECT_TRUE(store->Stats().disk_ok);
  EXPECT_EQ(disk.files.size(), 1u);
}

TEST(DiskTest, TheSecondOfADirectoryIsRefused) {
  MemoryFiles disk;
  const auto store = OpenOn(disk, kStart);
  const auto second = Store::Open(OnDisk(), At(kStart), disk);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Errc::kInvalid);
  EXPECT_THAT(second.error().message(), HasSubstr("/data: is in use"));
}

class RealDiskTest : public testing::Test {
 protected:
  StoreOptions Options() const { return {.directory = root_ / "a/b"}; }

  const TempFolder root_;
};

TEST_F(RealDiskTest, KeepsItsSamplesAndItsLock) {
  PlainSeries appended;
  {
    const auto store = *Store::Open(Options(), At(kStart));
    Host host(*store);
    host.Live(0, 400);
    store->Flush(At(host.stopped_ms));
    appended = host.appended;
    const auto second = Store::Open(Options(), At(kStart));
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message(), HasSubstr("in use by another process"));
  }
  std::ofstream(root_ / "a/b/0000000000000001.seg", std::ios::app) << "half a rec";
  const auto store = *Store::Open(Options(), At(kStart + 400'000));
  EXPECT_EQ(ReadAll(*store), appended);
  EXPECT_EQ(store->Stats().corruptions, 1u);
}

TEST_F(RealDiskTest, AVanishedDirectoryIsMadeAgain) {
  const auto store = *Store::Open(Options(), At(kStart));
  std::filesystem::remove_all(root_ / "a");
  Host host(*store);
  host.Live(0, 300);
  EXPECT_TRUE(store->Stats().disk_ok);
  EXPECT_GT(store->Stats().disk_bytes_written, 0u);
}

TEST_F(RealDiskTest, APathThatCannotBeADirectoryIsMemoryOnly) {
  std::ofstream(root_ / "a") << "a file";
  const auto store = *Store::Open(Options(), At(kStart));
  Host host(*store);
  host.Live(0, 300);
  EXPECT_FALSE(store->Stats().disk_ok);
  EXPECT_EQ(ReadAll(*store), host.appended);
}

}  // namespace
}  // namespace tocsin::store
