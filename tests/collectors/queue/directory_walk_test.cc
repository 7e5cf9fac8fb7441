// What of counting directories does not fit a fixture: ages, budgets, what is no file, and changes
// in the middle of a walk.

#include "collectors/queue/directory_walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "collectors/host_fs.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class DirectoryWalkTest : public testing::Test {
 protected:
  DirectoryWalkTest() { walk_.SetRoots({dir_.path().string()}); }

  void Write(const std::string& name, seconds mtime, const std::string& text = "x") {
    dir_.Write(name, text);
    const timespec times[2] = {{mtime.count(), 0}, {mtime.count(), 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / name).c_str(), times, 0), 0);
  }
  bool Walk(std::size_t entries = 1'000) { return walk_.Move(entries, {}); }

  const TempFolder dir_;
  std::unique_ptr<HostFs> host_ = MakeHostFs({});
  const DirectoryRules rules_ = [] {
    DirectoryRules rules;
    rules.max_depth = 8;
    return rules;
  }();
  DirectoryWalk walk_{*host_, rules_};
};

TEST_F(DirectoryWalkTest, CountsFilesBytesAndTheOldest) {
  Write("a", seconds(1'000), "12345");
  Write("sub/b", seconds(500), "123");
  Write("sub/c", seconds(2'000));
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 3u);
  EXPECT_EQ(walk_.Known().bytes, 9u);
  EXPECT_EQ(walk_.Known().oldest, seconds(500));
  EXPECT_EQ(walk_.Known().unreadable, 0u);
}

TEST_F(DirectoryWalkTest, OnlyRegularFilesCountAndLinksAreNotFollowed) {
  Write("real", seconds(1));
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  fs::create_symlink(dir_ / "real", dir_ / "link");
  fs::create_directory_symlink(dir_.path(), dir_ / "loop");
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 1u);
  EXPECT_EQ(walk_.Known().unreadable, 0u);
}

TEST_F(DirectoryWalkTest, AHugeDirectoryTakesSeveralRounds) {
  for (int i = 0; i < 100; ++i) Write("q" + std::to_string(i), seconds(i + 1));
  std::uint64_t counted = 0;
  int rounds = 1;
  while (!Walk(30)) {
    EXPECT_GT(walk_.Known().files, counted) << "the first walk shows how far it is";
    counted = walk_.Known().files;
    ASSERT_LT(++rounds, 10);
  }
  EXPECT_EQ(rounds, 4);
  EXPECT_EQ(walk_.Known().files, 100u);

  // It shrinks: the last whole walk counts until the next one ends.
  for (int i = 10; i < 100; ++i) fs::remove(dir_ / ("q" + std::to_string(i)));
  EXPECT_FALSE(Walk(5));
  EXPECT_EQ(walk_.Known().files, 100u);
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 10u);

  // It grows: more than before is believed at once.
  for (int i = 10; i < 60; ++i) Write("q" + std::to_string(i), seconds(i));
  EXPECT_FALSE(Walk(30));
  EXPECT_GT(walk_.Known().files, 10u);
  EXPECT_LT(walk_.Known().files, 60u);
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 60u);
}

TEST_F(DirectoryWalkTest, AStopEndsTheRoundButNotTheWalk) {
  Write("a", seconds(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(walk_.Move(1'000, stop.get_token()));
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 1u);
}

TEST_F(DirectoryWalkTest, DirectoriesThatVanishInAWalkAreNoFault) {
  for (int i = 0; i < 20; ++i) Write("d" + std::to_string(i) + "/f", seconds(1));
  ASSERT_FALSE(Walk(6));
  fs::remove_all(dir_.path());
  ASSERT_TRUE(Walk());
  EXPECT_TRUE(walk_.Opened());
  ASSERT_TRUE(Walk());
  EXPECT_FALSE(walk_.Opened()) << "nothing is left";
  EXPECT_EQ(walk_.Known().unreadable, 1u);
}

TEST_F(DirectoryWalkTest, DepthIsBounded) {
  std::string path;
  for (int i = 0; i < 12; ++i) {
    path += "d/";
    Write(path + "f", seconds(1));
  }
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 8u);
}

TEST_F(DirectoryWalkTest, SeveralRootsAreOneQueue) {
  Write("a/1", seconds(10));
  Write("b/2", seconds(5));
  walk_.SetRoots({(dir_ / "a").string(), (dir_ / "gone").string(), (dir_ / "b").string()});
  ASSERT_TRUE(Walk());
  EXPECT_EQ(walk_.Known().files, 2u);
  EXPECT_EQ(walk_.Known().oldest, seconds(5));
  EXPECT_EQ(walk_.Known().unreadable, 1u);
  EXPECT_TRUE(walk_.Opened());
}

}  // namespace
}  // namespace tocsin
