#include "notify/state/state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "notify/state/codec.h"
#include "notify/state/database.h"
#include "tests/base/temp_folder.h"
#include "tests/notify/fault_vfs.h"

namespace tocsin::notify {
namespace {

using Table = StateChange::Table;
using testing::ElementsAre;
using testing::HasSubstr;

const WallTime kNow = FromMillis(1'700'000'000'000);

std::unique_ptr<StateStore> Open(const std::string& folder) {
  FaultVfs::Get();
  auto store = StateStore::Open({folder, FaultVfs::kName}, kNow);
  EXPECT_TRUE(store.ok()) << store.error().message();
  return store.ok() ? *std::move(store) : nullptr;
}

StateChange Put(std::string key, std::string value = "v") {
  return {Table::kOutbox, std::move(key), std::move(value), false, 1};
}
StateChange Remove(std::string key) { return {Table::kOutbox, std::move(key), {}, true}; }

std::set<std::string> Keys(StateStore& store) {
  std::set<std::string> keys;
  for (const auto& row : store.TakeLoaded()) keys.insert(row.key);
  return keys;
}

std::size_t FilesLike(const std::filesystem::path& folder, std::string_view part) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    count += entry.path().filename().string().find(part) != std::string::npos;
  }
  return count;
}

TEST(StateStoreTest, KeepsWhatWasCommitted) {
  TempFolder folder;
  {
    auto store = Open(folder.path());
    const std::vector<StateChange> first{Put("a"), Put("b", std::string("\0x", 2)), Put("c")};
    EXPECT_TRUE(store->Apply(first));
    const std::vector<StateChange> second{Remove("a"), Put("c", "new")};
    EXPECT_TRUE(store->Apply(second));
  }
  auto store = Open(folder.path());
  const auto rows = store->TakeLoaded();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].value, std::string("\0x", 2));
  EXPECT_EQ(rows[1].value, "new");
  EXPECT_TRUE(store->Stats().healthy);
}

TEST(StateStoreTest, ASecondInstanceIsRefused) {
  TempFolder folder;
  auto store = Open(folder.path());
  const auto second = StateStore::Open({folder.path(), {}}, kNow);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Errc::kInvalid);
  EXPECT_THAT(second.error().message(), HasSubstr("another tocsin"));
}

TEST(StateStoreTest, ANewerSchemaIsRefused) {
  TempFolder folder;
  Open(folder.path());
  {
    auto db = Database::Open(folder / "state.db", "");
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)->Run("PRAGMA user_version = 2").ok());
  }
  const auto store = StateStore::Open({folder.path(), {}}, kNow);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message(), HasSubstr("newer version"));
}

TEST(StateStoreTest, ADamagedFileIsSetAside) {
  for (const char* how : {"zeroed", "text", "truncated", "flipped"}) {
    SCOPED_TRACE(how);
    TempFolder folder;
    const std::string path = folder / "state.db";
    {
      auto store = Open(folder.path());
      std::vector<StateChange> rows;
      for (int i = 0; i < 500; ++i) rows.push_back(Put(std::to_string(i), std::string(200, 'x')));
      ASSERT_TRUE(store->Apply(rows));
    }
    const auto size = std::filesystem::file_size(path);
    if (how == std::string("zeroed")) {
      std::ofstream(path, std::ios::binary) << std::string(size, '\0');
    } else if (how == std::string("text")) {
      std::ofstream(path, std::ios::binary) << "this is no database, whatever its name says";
    } else if (how == std::string("truncated")) {
      std::filesystem::resize_file(path, size / 2);
    } else {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      for (std::streamoff at = 4096; at < static_cast<std::streamoff>(size); at += 4096) {
        file.seekp(at);
        file.put('\x5a');
      }
    }
    auto store = Open(folder.path());
    ASSERT_TRUE(store);
    EXPECT_TRUE(store->Stats().healthy);
    EXPECT_EQ(store->Stats().set_aside, 1u);
    EXPECT_FALSE(store->Stats().last_error.empty());
    EXPECT_EQ(FilesLike(folder.path(), "state.db.corrupt-1700000000"), 1u);
    const std::vector<StateChange> one{Put("a")};
    EXPECT_TRUE(store->Apply(one));
  }
}

TEST(StateStoreTest, AFolderThatCannotBeWrittenGivesMemoryOnly) {
  auto store = Open("/proc/tocsin-no-such-folder");
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->Stats().healthy);
  const std::vector<StateChange> one{Put("a")};
  EXPECT_FALSE(store->Apply(one));
  EXPECT_FALSE(store->Recover(one, kNow));
}

TEST(StateStoreTest, WhatCouldNotBeReadAtTheStartIsNotOverwritten) {
  TempFolder folder;
  const std::string path = folder / "state";
  {
    auto store = Open(path);
    const std::vector<StateChange> a{Put("a")};
    ASSERT_TRUE(store->Apply(a));
  }
  std::filesystem::rename(path, path + "-away");
  std::ofstream(path) << "in the way";
  auto store = Open(path);
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->Stats().healthy);
  const std::vector<StateChange> b{Put("b")};
  EXPECT_FALSE(store->OpenLate(kNow)) << "still in the way";
  std::filesystem::remove(path);
  std::filesystem::rename(path + "-away", path);
  EXPECT_FALSE(store->Recover(b, kNow)) << "nobody has read what is there";
  EXPECT_TRUE(store->OpenLate(kNow));
  const auto rows = store->TakeLoaded();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key, "a");
  EXPECT_FALSE(store->OpenLate(kNow)) << "once";
  const std::vector<StateChange> both{Put("a"), Put("b")};
  EXPECT_TRUE(store->Recover(both, kNow));
  EXPECT_TRUE(store->Stats().healthy);
  EXPECT_FALSE(StateStore::Open({path, {}}, kNow)) << "and the folder is locked by now";
  store.reset();
  EXPECT_THAT(Keys(*Open(path)), ElementsAre("a", "b"));
}

TEST(StateStoreTest, GoesOnInMemoryWhenTheDiskIsFullAndRecovers) {
  TempFolder folder;
  FaultVfs& faults = FaultVfs::Get();
  faults.FailAt(0, 0, FaultVfs::After::kWorksAgain);
  {
    auto store = Open(folder.path());
    const std::vector<StateChange> a{Put("a")};
    ASSERT_TRUE(store->Apply(a));
    faults.FailAt(1, SQLITE_FULL, FaultVfs::After::kDead);
    const std::vector<StateChange> b{Put("b")};
    EXPECT_FALSE(store->Apply(b));
    EXPECT_TRUE(store->NeedsRecovery());
    EXPECT_FALSE(store->Apply(b)) << "no single changes while the file lags behind";
    const std::vector<StateChange> everything{Put("b"), Put("c")};
    EXPECT_FALSE(store->Recover(everything, kNow));
    faults.FailAt(0, 0, FaultVfs::After::kWorksAgain);  // there is room again
    EXPECT_TRUE(store->Recover(everything, kNow));
    EXPECT_TRUE(store->Stats().healthy);
    EXPECT_EQ(store->Stats().failures, 2u);
  }
  EXPECT_THAT(Keys(*Open(folder.path())), ElementsAre("b", "c"));
}

// At every single change of a file, one after the other, the file system fails: once, or from then
// on as at a crash. Whatever was acknowledged is there afterwards, whatever was not is there as a
// whole or not at all.
class EveryWriteTest : public testing::TestWithParam<std::tuple<int, FaultVfs::After>> {};

TEST_P(EveryWriteTest, NothingAcknowledgedIsLost) {
  FaultVfs& faults = FaultVfs::Get();
  const auto [code, after] = GetParam();
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    TempFolder folder;
    std::set<std::string> expected;
    std::set<std::string> uncertain;
    faults.FailAt(n, code, after);
    {
      auto store = Open(folder.path());
      ASSERT_TRUE(store);
      for (int round = 0; round < 12; ++round) {
        const std::string a = "a" + std::to_string(round);
        const std::string b = "b" + std::to_string(round);
        const std::string gone = "a" + std::to_string(round - 3);
        const std::vector<StateChange> changes{Put(a, std::string(3000, 'x')), Put(b),
                                               Remove(gone)};
        if (store->Apply(changes)) {
          expected.insert({a, b});
          expected.erase(gone);
        } else {
          uncertain = {a, b, gone};
          break;
        }
      }
      if (after == FaultVfs::After::kWorksAgain && store->NeedsRecovery()) {
        std::vector<StateChange> everything;
        for (const std::string& key : expected) everything.push_back(Put(key));
        EXPECT_TRUE(store->Recover(everything, kNow));
        uncertain.clear();
      }
    }
    const bool done = faults.changes() < n;
    faults.FailAt(0, 0, FaultVfs::After::kWorksAgain);
    auto store = Open(folder.path());
    ASSERT_TRUE(store);
    EXPECT_EQ(store->Stats().set_aside, 0u) << store->Stats().last_error;
    std::set<std::string> found = Keys(*store);
    if (found != expected) {  // then the transaction that was not acknowledged is there as a whole
      std::vector<std::string> keys(uncertain.begin(), uncertain.end());
      ASSERT_EQ(keys.size(), 3u);
      for (const std::string& key : keys) {
        if (key.starts_with("a" + std::to_string(std::stoi(keys.back().substr(1)) - 3))) {
          expected.erase(key);
        } else {
          expected.insert(key);
        }
      }
      EXPECT_EQ(found, expected);
    }
    if (done) {
      EXPECT_GT(n, 30) << "the scenario should change files more often than that";
      break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryWriteTest,
                         testing::Combine(testing::Values(SQLITE_IOERR_WRITE, SQLITE_FULL),
                                          testing::Values(FaultVfs::After::kWorksAgain,
                                                          FaultVfs::After::kDead)));

TEST(StateStoreTest, SavesTheAlertsThatChanged) {
  TempFolder folder;
  AlertRecord a;
  a.rule_key = "a";
  AlertRecord b;
  b.rule_key = "b";
  {
    auto store = Open(folder.path());
    const std::vector<AlertRecord> both{a, b};
    EXPECT_TRUE(store->SaveAlerts(both, MonoTime()));
    b.value = 3;
    const std::vector<AlertRecord> one{b};
    EXPECT_TRUE(store->SaveAlerts(one, MonoTime()));
    EXPECT_TRUE(store->SaveAlerts(one, MonoTime()));
  }
  auto store = Open(folder.path());
  EXPECT_EQ(store->TakeLoaded().size(), 1u);
  EXPECT_TRUE(store->SaveAlerts({}, MonoTime()));
  store.reset();
  EXPECT_TRUE(Open(folder.path())->TakeLoaded().empty());
}

TEST(StateStoreTest, ASteadyAlertIsNotWrittenAtEveryEvaluation) {
  TempFolder folder;
  AlertRecord record;
  record.rule_key = "a";
  record.status.state = AlertState::kFiring;
  record.status.levels[0].on = record.status.levels[0].holding = true;
  record.sent_labels = Labels{{"alertname", "A"}};
  const auto save_and_read = [&](MonoTime now) {
    static std::unique_ptr<StateStore> store;
    if (now == MonoTime()) store = Open(folder.path());
    EXPECT_TRUE(store->SaveAlerts(std::span(&record, 1), now));
    const TempFolder crashed;  // with what a crash now would leave
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      const std::string name = entry.path().filename();
      if (name.starts_with("state.db")) {
        std::filesystem::copy(entry.path(), crashed / name);
      }
    }
    const double value = DecodeAlertRecord(Open(crashed.path())->TakeLoaded().at(0).value)->value;
    if (now == MonoTime::max()) store.reset();
    return value;
  };
  EXPECT_EQ(save_and_read(MonoTime()), 0);
  record.value = 1;
  record.since_sent = seconds(15);
  record.annotations = {{"summary", "1"}};
  EXPECT_EQ(save_and_read(MonoTime(seconds(15))), 0) << "the next evaluation makes it good";
  record.status.levels[0].clearing = true;
  EXPECT_EQ(save_and_read(MonoTime(seconds(30))), 1) << "an end that is waited for";
  record.value = 2;
  EXPECT_EQ(save_and_read(MonoTime(seconds(45))), 2) << "all of it, as long as it is";
  record.status.levels[0].clearing = false;
  EXPECT_EQ(save_and_read(MonoTime(seconds(60))), 2);
  record.value = 3;
  EXPECT_EQ(save_and_read(MonoTime(seconds(119))), 2);
  EXPECT_EQ(save_and_read(MonoTime(seconds(120))), 3) << "a minute after";
  EXPECT_EQ(save_and_read(MonoTime::max()), 3);
}

}  // namespace
}  // namespace tocsin::notify
