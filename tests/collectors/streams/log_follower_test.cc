// A log through all that happens to logs: every line is handed on once.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/response/log_follower.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class LogFollowerTest : public testing::Test {
 protected:
  LogFollowerTest() {
    folder_ = (fs::temp_directory_path() / "tocsin-log-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/access.log";
  }
  ~LogFollowerTest() override { fs::remove_all(folder_); }

  static void Append(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
  }
  void Append(std::string_view text) { Append(path_, text); }
  static void Overwrite(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
  }

  /// What one round hands on; `now_` goes on by a second.
  std::string Round(LogFollower& follower, std::uint64_t bytes = 1 << 20) {
    std::string read;
    now_ += seconds(1);
    const Status status = follower.Read({bytes, now_, buffer_}, [&](std::string_view lines) {
      EXPECT_TRUE(lines.ends_with('\n'));
      read += lines;
    });
    ok_ = status.ok();
    error_ = ok_ ? "" : status.error().message();
    return read;
  }
  void PassLinger() { now_ += LogFollower::kLinger; }

  std::string folder_;
  std::string path_;
  std::string buffer_ = FollowBuffer(1024);
  MonoTime now_{std::chrono::hours(1)};
  bool ok_ = false;
  std::string error_;
};

TEST_F(LogFollowerTest, StartsAtTheEndAndReadsOn) {
  Append("old\nhalf");
  LogFollower follower(path_, FollowFrom::kEnd);
  EXPECT_EQ(Round(follower), "");
  EXPECT_TRUE(ok_);
  Append(" a line\nnew\npart");
  EXPECT_EQ(Round(follower), "new\n");
  EXPECT_EQ(Round(follower), "");
  Append("ial\n");
  EXPECT_EQ(Round(follower), "partial\n");
  EXPECT_EQ(Round(follower), "");
  EXPECT_EQ(follower.counters().truncated, 0u);
}

TEST_F(LogFollowerTest, FromTheBeginningOrWhenItAppearsLater) {
  LogFollower later(path_, FollowFrom::kEnd);
  EXPECT_EQ(Round(later), "");
  EXPECT_FALSE(ok_);
  EXPECT_NE(error_.find("access.log"), std::string::npos);
  Append("a\nb\n");
  EXPECT_EQ(Round(later), "a\nb\n");
  LogFollower whole(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(whole), "a\nb\n");
}

TEST_F(LogFollowerTest, ARenamedFileIsReadToItsEnd) {
  Append("a\n");
  LogFollower follower(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(follower), "a\n");
  Append("b\n");
  fs::rename(path_, path_ + ".1");
  EXPECT_EQ(Round(follower), "b\n");
  EXPECT_FALSE(ok_) << "nothing is there now";
  Append(path_ + ".1", "c\n");  // by a server that has not reopened it yet
  Append("d\n");
  EXPECT_EQ(Round(follower), "c\nd\n");
  Append(path_ + ".1", "e\nlast");
  Append("f\n");
  EXPECT_EQ(Round(follower), "e\nf\n");
  PassLinger();
  EXPECT_EQ(Round(follower), "last\n") << "no newline, but nobody writes to it any more";
  Append(path_ + ".1", "g\n");
  EXPECT_EQ(Round(follower), "");
  EXPECT_EQ(follower.counters().renamed, 1u);
  EXPECT_EQ(follower.counters().truncated, 0u);
}

TEST_F(LogFollowerTest, ManyRotationsKeepFewFilesOpen) {
  LogFollower follower(path_, FollowFrom::kBeginning);
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{});
  };
  const auto before = open_files();
  for (int i = 0; i < 50; ++i) {
    Append(std::to_string(i) + "\n");
    EXPECT_EQ(Round(follower), std::to_string(i) + "\n");
    fs::rename(path_, path_ + "." + std::to_string(i));
  }
  EXPECT_LE(open_files() - before, 5);
}

TEST_F(LogFollowerTest, Copytruncate) {
  Append("a\nb\n");
  LogFollower follower(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(follower), "a\nb\n");
  fs::copy(path_, path_ + ".1");
  fs::resize_file(path_, 0);
  EXPECT_EQ(Round(follower), "");
  Append("c\n");
  EXPECT_EQ(Round(follower), "c\n");
  // Truncated and longer than before within a round.
  Overwrite(path_, "d\ne\nf\ng\n");
  EXPECT_EQ(Round(follower), "d\ne\nf\ng\n");
  // As long as before.
  Overwrite(path_, "1\n2\n3\n4\n");
  EXPECT_EQ(Round(follower), "1\n2\n3\n4\n");
  EXPECT_EQ(follower.counters().truncated, 3u);
}

TEST_F(LogFollowerTest, AFileThatComesBackIsNotReadAgain) {
  Append("a\nb\n");
  LogFollower follower(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(follower), "a\nb\n");
  fs::rename(path_, path_ + ".away");
  PassLinger();
  EXPECT_EQ(Round(follower), "");
  EXPECT_EQ(Round(follower), "");
  fs::rename(path_ + ".away", path_);
  Append("c\n");
  EXPECT_EQ(Round(follower), "c\n");
}

TEST_F(LogFollowerTest, AnotherFileWithTheSameInodeIsReadWhole) {
  Append("a\nb\n");
  LogFollower follower(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(follower), "a\nb\n");
  // The same inode and size, other bytes: what a file system does that gives numbers out again.
  fs::rename(path_, path_ + ".away");
  PassLinger();
  EXPECT_EQ(Round(follower), "");
  Overwrite(path_ + ".away", "x\ny\n");
  fs::rename(path_ + ".away", path_);
  EXPECT_EQ(Round(follower), "x\ny\n");
}

TEST_F(LogFollowerTest, ALineLongerThanTheBufferIsSkippedAndCounted) {
  LogFollower follower(path_, FollowFrom::kBeginning);
  Append("a\n" + std::string(100'000, 'x'));
  EXPECT_EQ(Round(follower), "a\n");
  EXPECT_EQ(Round(follower), "");
  Append(std::string(10, 'x') + "\nb\n");
  EXPECT_EQ(Round(follower), "b\n");
  EXPECT_EQ(follower.counters().long_lines, 1u);
  // A hole of a gigabyte is a line of NULs.
  buffer_ = FollowBuffer();
  {
    const int fd = ::open(path_.c_str(), O_WRONLY);
    ASSERT_EQ(::ftruncate(fd, 1 << 30), 0);
    ::close(fd);
  }
  Append("\nc\n");
  std::string read;
  int rounds = 0;
  while (read.empty() && ++rounds < 50) read = Round(follower, 64 << 20);
  EXPECT_EQ(read, "c\n");
  EXPECT_EQ(follower.counters().long_lines, 2u);
}

TEST_F(LogFollowerTest, ABacklogIsReadInPieces) {
  std::string all;
  for (int i = 0; i < 2000; ++i) all += "line " + std::to_string(i) + "\n";
  Append(all);
  LogFollower follower(path_, FollowFrom::kBeginning);
  std::string read = Round(follower, 4096);
  EXPECT_LE(read.size(), 4096u + 1024u);
  EXPECT_EQ(follower.counters().backlog_bytes, all.size() - read.size());
  fs::rename(path_, path_ + ".1");
  PassLinger();
  Append("next\n");
  for (int i = 0; i < 20; ++i) read += Round(follower, 4096);
  EXPECT_EQ(read, all + "next\n");
  EXPECT_EQ(follower.counters().backlog_bytes, 0u);
  EXPECT_EQ(follower.counters().bytes, read.size());
}

TEST_F(LogFollowerTest, WhatIsNoRegularFileNeverBlocks) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  LogFollower follower(path_, FollowFrom::kBeginning);
  EXPECT_EQ(Round(follower), "");
  EXPECT_NE(error_.find("not a regular file"), std::string::npos);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_EQ(Round(follower), "");
  EXPECT_FALSE(ok_);
  fs::remove(path_);
  fs::create_symlink("/dev/zero", path_);
  EXPECT_EQ(Round(follower), "");
  EXPECT_FALSE(ok_);
  // A link that is swapped to another file is another file.
  Append(folder_ + "/one", "1\n");
  Append(folder_ + "/two", "2\n");
  fs::remove(path_);
  fs::create_symlink(folder_ + "/one", path_);
  EXPECT_EQ(Round(follower), "1\n");
  fs::remove(path_);
  fs::create_symlink(folder_ + "/two", path_);
  EXPECT_EQ(Round(follower), "2\n");
  EXPECT_EQ(Round(follower), "");
}

}  // namespace
}  // namespace tocsin
