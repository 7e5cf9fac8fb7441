// A log through all that happens to logs: every line is handed on once.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "collectors/response/log_follower.h"
#include "collectors/response/log_positions.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class LogFollowerTest : public testing::Test {
 protected:
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

  const TempFolder folder_;
  const std::string path_ = folder_ / "access.log";
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

/// What an agent's end and start make of a follower.
class LogPositionsTest : public LogFollowerTest {
 protected:
  LogPositionsTest() { Restart(); }

  /// A kill -9: nothing is written at the end.
  void Restart(FollowFrom from = FollowFrom::kEnd) {
    positions_.emplace(folder_ / "state.json");
    follower_.emplace(path_, from);
    positions_->Resume(*follower_);
  }
  std::string Next(std::uint64_t bytes = 1 << 20) {
    std::string read = Round(*follower_, bytes);
    positions_->Save({{path_, follower_->Places()}});
    return read;
  }
  void Rotate() {
    for (int i = 8; i > 0; --i) {
      const std::string from = path_ + "." + std::to_string(i);
      if (fs::exists(from)) fs::rename(from, path_ + "." + std::to_string(i + 1));
    }
    // Not within one tick of the kernel's clock.
    fs::last_write_time(path_, fs::file_time_type::clock::now() + seconds(++rotations_));
    fs::rename(path_, path_ + ".1");
  }

  int rotations_ = 0;
  std::optional<LogPositions> positions_;
  std::optional<LogFollower> follower_;
};

TEST_F(LogPositionsTest, GoesOnWhereTheLastLifeStopped) {
  Append("old\n");
  EXPECT_EQ(Next(), "");
  Append("a\nhal");
  EXPECT_EQ(Next(), "a\n");
  Restart();
  EXPECT_EQ(Next(), "");
  Append("f\nb\n");
  Restart(FollowFrom::kBeginning);
  EXPECT_EQ(Next(), "half\nb\n");
  EXPECT_EQ(follower_->counters().lost, 0u);
  EXPECT_EQ(follower_->counters().truncated, 0u);
}

TEST_F(LogPositionsTest, ReadsWhatWasRotatedMeanwhile) {
  Append("old\n");
  Next();
  Append("a\n");
  EXPECT_EQ(Next(), "a\n");
  Append("b\n");
  Rotate();
  Append("c\n");
  Rotate();
  Append("d\n");
  Rotate();
  Append("e\n");
  Append(path_ + ".4.gz", "packed");
  Append(folder_ / "access.log.orig", "not a rotation");
  // What had been rotated before is not read again, nor is what another log's rotation is.
  Append(folder_ / "other.log.1", "other\n");
  Restart();
  EXPECT_EQ(Next(), "b\nc\nd\ne\n");
  Append("f\n");
  EXPECT_EQ(Next(), "f\n");
  Restart();
  EXPECT_EQ(Next(), "");
  EXPECT_EQ(follower_->counters().lost, 0u);
}

TEST_F(LogPositionsTest, ACopyThatWasTruncatedIsFoundByItsBytes) {
  Append("first line\n");
  Next();
  Append("a\n");
  EXPECT_EQ(Next(), "a\n");
  Append("b\n");
  fs::copy(path_, folder_ / "access-20261121.log");
  Overwrite(path_, "c\nd\ne\nf\ng\nh\ni\n");
  Restart();
  EXPECT_EQ(Next(), "b\nc\nd\ne\nf\ng\nh\ni\n");
  EXPECT_EQ(follower_->counters().lost, 0u);
}

TEST_F(LogPositionsTest, WhatIsGoneIsCountedAndTheNewFileReadWhole) {
  Append("old\n");
  Next();
  Append("a\n");
  EXPECT_EQ(Next(), "a\n");
  fs::remove(path_);
  Append("b\n");
  Restart();
  EXPECT_EQ(Next(), "b\n");
  EXPECT_EQ(follower_->counters().lost, 1u);
}

TEST_F(LogPositionsTest, TheLogMayBeAbsentAtEitherEnd) {
  EXPECT_EQ(Next(), "");
  Append("a\n");
  Restart();
  EXPECT_EQ(Next(), "a\n") << "it came while nobody looked: it is new";
  Append("b\n");
  fs::rename(path_, path_ + ".1");
  Restart();
  EXPECT_EQ(Next(), "b\n");
  EXPECT_FALSE(ok_);
  Append("c\n");
  EXPECT_EQ(Next(), "c\n");
}

TEST_F(LogPositionsTest, ABacklogOutlivesRestartsAndRotations) {
  std::string all;
  for (int i = 0; i < 2000; ++i) all += "line " + std::to_string(i) + "\n";
  Append("first\n");
  Next();
  Append(all);
  std::string read;
  for (int i = 0; read.size() < all.size() && i < 200; ++i) {
    read += Next(1000);
    if (i == 3) Rotate();
    if (i == 7) Append("next\n");
    Restart();
  }
  for (int i = 0; i < 3; ++i) read += Next();
  EXPECT_EQ(read, all + "next\n");
  EXPECT_EQ(follower_->counters().lost, 0u);
}

TEST_F(LogPositionsTest, BrokenFilesAreLeftAside) {
  for (const char* text :
       {"", "{", "[]", "{\"version\":2,\"logs\":[]}", "{\"version\":1,\"logs\":[{}]}",
        "{\"version\":1,\"logs\":[{\"path\":\"x\",\"files\":[{\"device\":1}]}]}"}) {
    EXPECT_FALSE(DecodeLogPositions(text).ok()) << text;
    Overwrite(folder_ / "state.json", text);
    Restart(FollowFrom::kBeginning);
    Overwrite(path_, "a\n");
    EXPECT_EQ(Next(), "a\n");
  }
  // Numbers that no file has.
  Overwrite(folder_ / "state.json",
            "{\"version\":1,\"logs\":[{\"path\":\"" + path_ +
                "\",\"files\":[{\"device\":-1,\"inode\":-1,\"offset\":-9,\"skipping\":true,"
                "\"head\":[-1,0],\"tail\":[99999999999,-1]}]}]}");
  Restart();
  EXPECT_EQ(Next(), "a\n");
  EXPECT_EQ(follower_->counters().lost, 1u);
}

TEST_F(LogPositionsTest, PositionsOfLogsThatNobodyAsksForStay) {
  const std::string other = folder_ / "other.log";
  const LogPlace place{
      .device = 1, .inode = ~std::uint64_t{0}, .offset = 5, .tail = MarkOf("abcde")};
  positions_->Save({{path_, {}}, {other, {place}}});
  Restart();
  positions_->Save({{path_, {place, place}}});
  const auto read = DecodeLogPositions(EncodeLogPositions({{path_, {place, place}}, {other, {}}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)[0].files, (std::vector<LogPlace>{place, place}));
  LogFollower follower(other, FollowFrom::kEnd);
  LogPositions(folder_ / "state.json").Resume(follower);
  EXPECT_EQ(follower.Places(), std::vector<LogPlace>{place});
  LogPositions("").Save({{path_, {place}}});
  LogPositions("/nonexistent/folder/x").Save({{path_, {place}}});
}

TEST(LogRotationTest, UsualNames) {
  for (const char* name : {"access.log.1", "access.log-20261121", "access.log.2026-11-21",
                           "access-20261121.log", "access.1.log", "access.log_20261121T13:00"}) {
    EXPECT_TRUE(IsRotationOf(name, "access.log")) << name;
  }
  for (const char* name : {"access.log", "access.log.1.gz", "access.log.old", "access.log.",
                           "access2.log", "access-api.log", "error.log.1", "access.log1", ""}) {
    EXPECT_FALSE(IsRotationOf(name, "access.log")) << name;
  }
  EXPECT_TRUE(IsRotationOf("log.1", "log"));
  EXPECT_FALSE(IsRotationOf("log.1", ".log"));
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
  Append(folder_ / "one", "1\n");
  Append(folder_ / "two", "2\n");
  fs::remove(path_);
  fs::create_symlink(folder_ / "one", path_);
  EXPECT_EQ(Round(follower), "1\n");
  fs::remove(path_);
  fs::create_symlink(folder_ / "two", path_);
  EXPECT_EQ(Round(follower), "2\n");
  EXPECT_EQ(Round(follower), "");
}

}  // namespace
}  // namespace tocsin
