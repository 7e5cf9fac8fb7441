#include "collectors/host_fs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "collectors/every.h"
#include "collectors/small_file.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class HostFsTest : public testing::Test {
 protected:
  HostFsTest() {
    host_ = MakeHostFs({root_ / "proc", root_ / "sys/", root_ / "root", root_ / "udev"});
    fs::create_directories(root_ / "proc");
  }

  std::size_t OpenDescriptors() const {
    const auto entries = fs::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  const TempFolder root_;
  std::unique_ptr<HostFs> host_;
};

TEST_F(HostFsTest, PathsAreJoinedWithOneSlash) {
  EXPECT_EQ(host_->ProcPath("stat"), (root_ / "proc/stat").string());
  EXPECT_EQ(host_->SysPath("/class/net"), (root_ / "sys/class/net").string());
  EXPECT_EQ(MakeHostFs({})->RootPath("/etc/os-release"), "/etc/os-release");
  EXPECT_EQ(MakeHostFs({})->RootPath("/"), "/");
}

TEST_F(HostFsTest, AFileIsReadAnewEachTime) {
  const auto file = host_->File(host_->ProcPath("stat"));
  EXPECT_EQ(file->Read().error().code(), Errc::kNotFound);
  root_.Write("proc/stat", "one");
  EXPECT_EQ(*file->Read(), "one");
  root_.Write("proc/stat", "a longer two");
  EXPECT_EQ(*file->Read(), "a longer two");
  root_.Write("proc/stat", std::string(100'000, 'x'));
  EXPECT_EQ(file->Read()->size(), 100'000u);
  root_.Write("proc/stat", "3");
  EXPECT_EQ(*file->Read(), "3");
}

TEST_F(HostFsTest, AnEmptyFileIsOpenedAgainInCaseItWasReplaced) {
  root_.Write("proc/stat", "");
  const auto file = host_->File(host_->ProcPath("stat"));
  EXPECT_EQ(*file->Read(), "");
  root_.Write("proc/new", "new");
  fs::rename(root_ / "proc/new", root_ / "proc/stat");
  EXPECT_EQ(*file->Read(), "new");
}

TEST_F(HostFsTest, AFileOnADiskIsSeenReplaced) {
  root_.Write("root/etc/passwd", "root:x:0:0\n");
  const auto file = host_->File(host_->RootPath("etc/passwd"));
  EXPECT_EQ(*file->Read(), "root:x:0:0\n");
  // As useradd(8) does it.
  root_.Write("root/etc/passwd+", "root:x:0:0\nweb:x:1000:1000\n");
  fs::rename(root_ / "root/etc/passwd+", root_ / "root/etc/passwd");
  EXPECT_EQ(*file->Read(), "root:x:0:0\nweb:x:1000:1000\n");
  fs::remove(root_ / "root/etc/passwd");
  EXPECT_EQ(file->Read().error().code(), Errc::kNotFound);
}

TEST_F(HostFsTest, AHandleKeepsOneDescriptor) {
  root_.Write("proc/stat", "1");
  const std::size_t before = OpenDescriptors();
  const auto file = MakeHostFs({})->File("/proc/stat");
  const auto dir = host_->Dir(host_->ProcPath(""));
  std::string buffer;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(file->Read());
    ASSERT_TRUE(dir->List());
    ASSERT_TRUE(host_->ReadInto(host_->ProcPath("stat"), buffer));
  }
  EXPECT_EQ(OpenDescriptors(), before + 2);
}

TEST_F(HostFsTest, NeverWaitsForAFifoAndReadsNoDirectory) {
  ASSERT_EQ(::mkfifo((root_ / "proc/fifo").c_str(), 0600), 0);
  const std::string path = host_->ProcPath("fifo");
  EXPECT_EQ(host_->File(path)->Read().error().code(), Errc::kIo);
  EXPECT_EQ(host_->Read(path).error().message(), path + ": not a regular file");
  std::string buffer;
  EXPECT_EQ(host_->ReadInto(path, buffer).error, EISDIR);
  EXPECT_EQ(host_->Read(host_->ProcPath("")).error().code(), Errc::kIo);
}

TEST_F(HostFsTest, RawReadsTellTheErrno) {
  std::string buffer;
  const RawRead missing = host_->ReadInto(host_->ProcPath("no"), buffer);
  EXPECT_EQ(missing.error, ENOENT);
  EXPECT_EQ(missing.text, "");
  EXPECT_FALSE(missing);
  root_.Write("proc/n", " 0x1f \n");
  SmallFiles files(*host_);
  EXPECT_EQ(files.Text(host_->ProcPath("n")), "0x1f");
  EXPECT_EQ(files.PrefixedInt(host_->ProcPath("n")), 31u);
  EXPECT_EQ(files.Int(host_->ProcPath("n")), std::nullopt);
}

TEST_F(HostFsTest, DirectoriesAreListedSortedAndAnew) {
  const auto dir = host_->Dir(host_->SysPath("class"));
  EXPECT_EQ(dir->List().error().code(), Errc::kNotFound);
  fs::create_directories(root_ / "sys/class/b");
  fs::create_directories(root_ / "sys/class/a10");
  auto names = dir->List();
  ASSERT_TRUE(names);
  EXPECT_EQ(std::vector<std::string_view>(names->begin(), names->end()),
            (std::vector<std::string_view>{"a10", "b"}));
  fs::remove(root_ / "sys/class/b");
  names = dir->List();
  EXPECT_EQ(std::vector<std::string_view>(names->begin(), names->end()),
            std::vector<std::string_view>{"a10"});
  fs::remove_all(root_ / "sys/class");
  fs::create_directories(root_ / "sys/class/again");
  names = dir->List();
  ASSERT_TRUE(names) << "the folder was replaced";
  EXPECT_EQ(std::vector<std::string_view>(names->begin(), names->end()),
            std::vector<std::string_view>{"again"});
}

TEST_F(HostFsTest, LinksAndStatus) {
  root_.Write("proc/file", "12345");
  fs::create_symlink("file", root_ / "proc/link");
  EXPECT_EQ(*host_->ReadLink(host_->ProcPath("link")), "file");
  EXPECT_EQ(*host_->RealPath(host_->ProcPath("link")), fs::canonical(root_ / "proc/file").string());
  EXPECT_EQ(host_->RealPath(host_->ProcPath("none")).error().code(), Errc::kNotFound);
  EXPECT_EQ(host_->Stat(host_->ProcPath("link"))->bytes, 5u);
  EXPECT_TRUE(host_->Stat(host_->ProcPath("link"))->regular);
  EXPECT_FALSE(host_->Stat(host_->ProcPath(""))->regular);
  EXPECT_FALSE(host_->Exists(host_->ProcPath("none")));
}

TEST_F(HostFsTest, StatVfsMayOutliveTheHost) {
  const auto call = host_->StatVfs();
  host_.reset();
  EXPECT_GT(call("/")->f_bsize, 0u);
  EXPECT_EQ(call("/no/such").error().code(), Errc::kNotFound);
}

TEST(EveryTest, IsDueFirstAndThenAfterEachPeriod) {
  Every every(seconds(30));
  const auto due = [&](int second) {
    return every.Due({WallTime{}, MonoTime(seconds(second)), {}});
  };
  EXPECT_TRUE(due(100));
  EXPECT_FALSE(due(100));
  EXPECT_FALSE(due(129));
  EXPECT_TRUE(due(130));
  EXPECT_FALSE(due(131));
  every.Reset();
  EXPECT_TRUE(due(132));
}

}  // namespace
}  // namespace tocsin
