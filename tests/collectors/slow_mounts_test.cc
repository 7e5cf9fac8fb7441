#include "collectors/system/slow_mounts.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <set>

namespace tocsin {
namespace {

/// A host whose mounts hang as long as the test wants.
class HangingHost {
 public:
  HostFs::StatVfsCall Call() {
    return [this](const std::string& path) -> Result<struct statvfs> {
      const MutexLock lock(mutex_);
      ++calls_;
      ++inside_;
      most_inside_ = std::max(most_inside_, inside_);
      changed_.NotifyAll();
      while (hanging_.contains(path)) changed_.Wait(mutex_);
      --inside_;
      changed_.NotifyAll();
      if (path == "/broken") return Error{Errc::kIo, "broken"};
      struct statvfs info {};
      info.f_blocks = path.size();
      return info;
    };
  }

  void Hang(const std::string& path) {
    const MutexLock lock(mutex_);
    hanging_.insert(path);
  }
  void Release() {
    const MutexLock lock(mutex_);
    hanging_.clear();
    changed_.NotifyAll();
    while (inside_ > 0) changed_.Wait(mutex_);
  }
  int calls() {
    const MutexLock lock(mutex_);
    return calls_;
  }
  int most_inside() {
    const MutexLock lock(mutex_);
    return most_inside_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> hanging_ GUARDED_BY(mutex_);
  int calls_ GUARDED_BY(mutex_) = 0;
  int inside_ GUARDED_BY(mutex_) = 0;
  int most_inside_ GUARDED_BY(mutex_) = 0;
};

MonoTime Patient() { return MonoTime::clock::now() + seconds(60); }
MonoTime Impatient() { return MonoTime::clock::now() + milliseconds(50); }

/// A helper that was released is on its way back, for a moment: until then its mount counts as
/// hanging, and a round does not wait for it.
void AskUntilAnswered(SlowMounts& mounts, std::size_t i) {
  do {
    mounts.Ask(Patient());
  } while (!mounts.Take(i));
}

TEST(SlowMountsTest, AnswersAndErrors) {
  HangingHost host;
  SlowMounts mounts(host.Call());
  mounts.SetMounts({{"/a", "a"}, {"/broken", "b"}, {"/ccc", "c"}});
  mounts.Ask(Patient());
  const auto a = mounts.Take(0);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->f_blocks, 2u);
  EXPECT_FALSE(mounts.Take(1));
  ASSERT_TRUE(mounts.Take(2));
  EXPECT_FALSE(mounts.Take(2)) << "an answer counts once";
  host.Release();
}

TEST(SlowMountsTest, OneThatHangsDoesNotKeepTheOthersFromAnswering) {
  HangingHost host;
  host.Hang("/dead");
  SlowMounts mounts(host.Call());
  mounts.SetMounts({{"/a", "a"}, {"/dead", "dead"}, {"/b", "b"}, {"/c", "c"}});
  for (int round = 0; round < 3; ++round) {
    mounts.Ask(round == 0 ? Impatient() : Patient());  // later rounds do not wait for it at all
    EXPECT_TRUE(mounts.Take(0)) << round;
    EXPECT_FALSE(mounts.Take(1)) << round;
    EXPECT_TRUE(mounts.Take(2)) << round;
    EXPECT_TRUE(mounts.Take(3)) << round;
  }
  host.Release();
  AskUntilAnswered(mounts, 1);  // it came back
  host.Release();
}

TEST(SlowMountsTest, OneServerHangsOneThreadHoweverManyMountsItHas) {
  HangingHost host;
  for (const char* path : {"/d1", "/d2", "/d3"}) host.Hang(path);
  SlowMounts mounts(host.Call());
  mounts.SetMounts({{"/d1", "dead"}, {"/d2", "dead"}, {"/d3", "dead"}, {"/a", "a"}});
  mounts.Ask(Impatient());
  mounts.Ask(Patient());
  EXPECT_TRUE(mounts.Take(3));
  EXPECT_LE(host.most_inside(), 2);
  EXPECT_EQ(host.calls(), 3) << "/d1 once, /a twice";
  host.Release();
}

TEST(SlowMountsTest, NeverMoreThanTwoThreadsHang) {
  HangingHost host;
  for (const char* path : {"/a", "/b", "/c"}) host.Hang(path);
  SlowMounts mounts(host.Call());
  mounts.SetMounts({{"/a", "a"}, {"/b", "b"}, {"/c", "c"}});
  mounts.Ask(Impatient());
  for (int round = 0; round < 5; ++round) mounts.Ask(Patient());
  EXPECT_EQ(host.calls(), 2);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(mounts.Take(i));
  host.Release();
  for (std::size_t i = 0; i < 3; ++i) AskUntilAnswered(mounts, i);
  host.Release();
}

TEST(SlowMountsTest, ThoseThatHangAreLeftBehind) {
  HangingHost host;
  host.Hang("/a");
  {
    SlowMounts mounts(host.Call());
    mounts.SetMounts({{"/a", "a"}});
    mounts.Ask(Impatient());
    mounts.SetMounts({});  // unmounted lazily
    mounts.Ask(Patient());
  }
  host.Release();
}

TEST(SlowMountsTest, KnowsFilesystemsAndServers) {
  for (const char* type : {"nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "fuse"}) {
    EXPECT_TRUE(IsSlowFilesystem(type)) << type;
  }
  for (const char* type : {"ext4", "fusectl", "tmpfs", "zfs", ""}) {
    EXPECT_FALSE(IsSlowFilesystem(type)) << type;
  }
  EXPECT_EQ(ServerOf("10.0.0.1:/export/a"), "10.0.0.1");
  EXPECT_EQ(ServerOf("[fe80::1]:/export"), "[fe80::1]");
  EXPECT_EQ(ServerOf("//nas/share"), "nas");
  EXPECT_EQ(ServerOf("//nas"), "nas");
  EXPECT_EQ(ServerOf("sshfs"), "sshfs");
}

}  // namespace
}  // namespace tocsin
