#include "tests/collectors/fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "base/file.h"
#include "collectors/btrfs_devices.h"
#include "collectors/dir_stream.h"
#include "collectors/proc_dir.h"
#include "metrics/exposition/render.h"
#include "tests/collectors/fixture_sources.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

int ErrnoNamed(const std::string& name) {
  static const std::map<std::string, int> kKnown{
      {"EACCES", EACCES},       {"EINVAL", EINVAL},        {"EIO", EIO},
      {"ENODATA", ENODATA},     {"ENODEV", ENODEV},        {"ENOENT", ENOENT},
      {"EAGAIN", EAGAIN},       {"ENXIO", ENXIO},          {"EPERM", EPERM},
      {"ETIMEDOUT", ETIMEDOUT}, {"EOPNOTSUPP", EOPNOTSUPP}};
  const auto found = kKnown.find(name);
  EXPECT_NE(found, kKnown.end()) << "the fixture names an unknown error " << name;
  return found == kKnown.end() ? EIO : found->second;
}

Result<struct statvfs> StatVfsOf(const fs::path& root, const std::string& path) {
  const std::string relative = fs::path(path).lexically_relative(root / "rootfs").string();
  const std::string mount = relative == "." ? "/" : "/" + relative;
  for (const auto& row : FixtureRows(root / "statvfs")) {
    if (row[0] != mount) continue;
    if (row.size() == 2) return FileError(mount, ErrnoNamed(row[1]));
    const auto number = [&](std::size_t i) { return std::stoull(row.at(i)); };
    struct statvfs info {};
    info.f_bsize = info.f_frsize = number(1);
    info.f_blocks = number(2);
    info.f_bfree = number(3);
    info.f_bavail = number(4);
    info.f_files = number(5);
    info.f_ffree = number(6);
    return info;
  }
  return FileError(mount, ENOENT);
}

/// A file that the case may call unreadable.
class FixtureFile final : public HostFile {
 public:
  FixtureFile(const HostFs& host, std::string path, std::unique_ptr<HostFile> file)
      : host_(host), path_(std::move(path)), file_(std::move(file)) {}

  Result<std::string_view> Read() override;

 private:
  const HostFs& host_;
  std::string path_;
  std::unique_ptr<HostFile> file_;
};

/// Processes of which the case may call files unreadable.
class FixtureProcDir final : public ProcDir {
 public:
  FixtureProcDir(const HostFs& host, std::unique_ptr<ProcDir> dir)
      : host_(host), dir_(std::move(dir)) {}

  /// In the kernel's order, which a plain directory has not.
  Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) override {
    if (next_ == pids_.size()) {
      pids_.clear();
      next_ = 0;
      const auto listed = dir_->ForEach([&](std::uint32_t pid) {
        pids_.push_back(pid);
        return true;
      });
      if (!listed) return listed;
      std::sort(pids_.begin(), pids_.end());
    }
    for (; next_ < pids_.size(); ++next_) {
      if (!visit(pids_[next_])) return false;
    }
    return true;
  }
  RawRead Read(const char* path, std::span<char> buffer) override {
    if (const int error = Unreadable(path)) return {error, {}};
    return dir_->Read(path, buffer);
  }
  bool List(const char* path, std::vector<std::uint32_t>& numbers) override {
    return Unreadable(path) == 0 && dir_->List(path, numbers);
  }
  std::optional<std::uint64_t> Count(const char* path) override {
    return Unreadable(path) == 0 ? dir_->Count(path) : std::nullopt;
  }

 private:
  int Unreadable(const char* path) const;

  const HostFs& host_;
  const std::unique_ptr<ProcDir> dir_;
  std::vector<std::uint32_t> pids_;
  std::size_t next_ = 0;
};

/// Entries all of the same age.
class FixtureDirStream final : public DirStream {
 public:
  explicit FixtureDirStream(std::unique_ptr<DirStream> real) : real_(std::move(real)) {}

  static Result<std::unique_ptr<DirStream>> Wrap(Result<std::unique_ptr<DirStream>> real) {
    if (!real) return real;
    return std::unique_ptr<DirStream>(std::make_unique<FixtureDirStream>(*std::move(real)));
  }
  Result<std::optional<DirEntry>> Next() override {
    auto entry = real_->Next();
    if (entry && *entry) (*entry)->mtime = seconds(1700000000);
    return entry;
  }
  Result<std::unique_ptr<DirStream>> OpenChild(const std::string& name) const override {
    return Wrap(real_->OpenChild(name));
  }

 private:
  const std::unique_ptr<DirStream> real_;
};

class FixtureHostFs final : public HostFs {
 public:
  explicit FixtureHostFs(const fs::path& root)
      : root_(root),
        real_(MakeHostFs({root / "proc", root / "sys", root / "rootfs", root / "udev"})) {}

  const HostPaths& paths() const override { return real_->paths(); }
  std::unique_ptr<HostFile> File(std::string path) const override {
    path = Inside(path);
    auto file = real_->File(path);
    return std::make_unique<FixtureFile>(*this, std::move(path), std::move(file));
  }
  std::unique_ptr<HostDir> Dir(std::string path) const override { return real_->Dir(Inside(path)); }
  Result<std::string> Read(const std::string& path) const override {
    if (const int error = Unreadable(path)) return FileError(path, error);
    return real_->Read(Inside(path));
  }
  RawRead ReadInto(const std::string& path, std::string& buffer) const override {
    if (const int error = Unreadable(path)) return {error, {}};
    return real_->ReadInto(Inside(path), buffer);
  }
  Result<std::vector<std::string>> List(const std::string& path) const override {
    return real_->List(Inside(path));
  }
  Result<std::unique_ptr<DirStream>> OpenDir(const std::string& path) const override {
    return FixtureDirStream::Wrap(real_->OpenDir(Inside(path)));
  }
  Result<std::string> ReadLink(const std::string& path) const override {
    return real_->ReadLink(Inside(path));
  }
  Result<std::string> RealPath(const std::string& path) const override {
    return real_->RealPath(Inside(path));
  }
  bool Exists(const std::string& path) const override { return real_->Exists(Inside(path)); }

  Result<FileStatus> Stat(const std::string& path) const override {
    TRY_ASSIGN(FileStatus status, real_->Stat(Inside(path)));
    status.mtime = seconds(1700000000);
    for (const auto& row : FixtureRows(root_ / "inodes")) {
      if (Inside(path) == root_ / row.at(0)) status.inode = std::stoull(row.at(1));
    }
    return status;
  }

  StatVfsCall StatVfs() const override {
    return [root = root_](const std::string& path) { return StatVfsOf(root, path); };
  }

  Status BtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) const override {
    const std::string mount = "/" + fs::path(path).lexically_relative(root_ / "rootfs").string();
    filesystem = {};
    for (const auto& row : FixtureRows(root_ / "btrfs")) {
      if (row[0] != mount) continue;
      filesystem.uuid = row.at(1);
      const auto number = [&](std::size_t i) { return std::stoull(row.at(i)); };
      filesystem.devices.push_back({row.at(2),
                                    row.at(3),
                                    number(4),
                                    number(5),
                                    {number(6), number(7), number(8), number(9), number(10)}});
    }
    if (filesystem.devices.empty()) return FileError(path, EPERM);
    return Unit{};
  }

  std::unique_ptr<ProcDir> Processes() const override {
    return std::make_unique<FixtureProcDir>(*this, real_->Processes());
  }

  Result<struct utsname> Uname() const override {
    struct utsname info {};
    std::istringstream text(ReadTextFile(root_ / "uname"));
    for (std::string line; std::getline(text, line);) {
      const auto blank = line.find(' ');
      const std::string key = line.substr(0, blank);
      const std::string value = line.substr(blank + 1);
      const std::map<std::string, char*> fields{
          {"sysname", info.sysname}, {"nodename", info.nodename}, {"release", info.release},
          {"version", info.version}, {"machine", info.machine},   {"domainname", info.domainname}};
      const auto found = fields.find(key);
      EXPECT_NE(found, fields.end()) << "uname has no field " << key;
      if (found != fields.end()) value.copy(found->second, sizeof(info.sysname) - 1);
    }
    return info;
  }

  Result<ClockDiscipline> Adjtimex() const override {
    ClockDiscipline clock{};
    for (const auto& row : FixtureRows(root_ / "adjtimex")) {
      const auto value = static_cast<long>(std::stoll(row.at(1)));
      struct timex& t = clock.timex;
      const std::map<std::string, long*> longs{
          {"offset", &t.offset},     {"freq", &t.freq},         {"maxerror", &t.maxerror},
          {"esterror", &t.esterror}, {"constant", &t.constant}, {"precision", &t.precision},
          {"tick", &t.tick},         {"ppsfreq", &t.ppsfreq},   {"jitter", &t.jitter},
          {"stabil", &t.stabil},     {"jitcnt", &t.jitcnt},     {"calcnt", &t.calcnt},
          {"errcnt", &t.errcnt},     {"stbcnt", &t.stbcnt}};
      const std::map<std::string, int*> ints{
          {"state", &clock.state}, {"status", &t.status}, {"shift", &t.shift}, {"tai", &t.tai}};
      if (const auto l = longs.find(row[0]); l != longs.end()) {
        *l->second = value;
      } else if (const auto i = ints.find(row[0]); i != ints.end()) {
        *i->second = static_cast<int>(value);
      } else if (row[0] == "error") {
        return Error{Errc::kUnsupported, "adjtimex: Operation not permitted"};
      } else {
        ADD_FAILURE() << "adjtimex has no field " << row[0];
      }
    }
    return clock;
  }

  std::unique_ptr<EthtoolSource> Ethtool() const override {
    return MakeFixtureEthtool(root_ / "ethtool");
  }

  LocalZone ZoneAt(WallTime) const override {
    const auto rows = FixtureRows(root_ / "zone");
    if (rows.empty()) return {"UTC", seconds(0)};
    return {rows[0].at(0), seconds(std::stoll(rows[0].at(1)))};
  }

  std::size_t PageBytes() const override { return 4096; }

  std::unique_ptr<DbusConnection> SystemBus() const override {
    return MakeFixtureDbus(root_ / "dbus");
  }
  std::unique_ptr<NetlinkSocket> Netlink(int protocol) const override {
    return MakeFixtureNetlink(root_ / "netlink", protocol);
  }

  /// The errno that the case gives for `path`, 0 if it reads well.
  int Unreadable(const std::string& path) const {
    if (!fs::exists(root_ / "unreadable")) return 0;
    const std::string relative = fs::path(path).lexically_relative(root_).string();
    for (const auto& row : FixtureRows(root_ / "unreadable")) {
      if (row[0] == relative) return ErrnoNamed(row.at(1));
    }
    return 0;
  }

 private:
  /// What settings name by an absolute path is in rootfs.
  std::string Inside(const std::string& path) const {
    return path.starts_with(root_.string()) ? path : (root_ / "rootfs").string() + path;
  }

  const fs::path root_;
  const std::unique_ptr<HostFs> real_;
};

Result<std::string_view> FixtureFile::Read() {
  const int error = static_cast<const FixtureHostFs&>(host_).Unreadable(path_);
  if (error != 0) return FileError(path_, error);
  return file_->Read();
}

int FixtureProcDir::Unreadable(const char* path) const {
  return static_cast<const FixtureHostFs&>(host_).Unreadable(host_.ProcPath(path));
}

}  // namespace

FixtureTree::FixtureTree(fs::path source) : source_(std::move(source)) {
  fs::copy(source_, root(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

void FixtureTree::Advance(int step) {
  const fs::path overlay = source_ / std::to_string(step);
  for (const auto& row : FixtureRows(overlay / "removed")) fs::remove_all(root_ / row[0]);
  for (const auto& entry : fs::recursive_directory_iterator(overlay)) {
    const fs::path target = root_ / entry.path().lexically_relative(overlay);
    if (entry.is_symlink()) {
      fs::remove(target);
      fs::copy_symlink(entry.path(), target);
    } else if (entry.is_directory()) {
      fs::create_directories(target);
    } else {
      std::ofstream(target, std::ios::trunc) << ReadTextFile(entry.path());
    }
  }
}

std::unique_ptr<HostFs> MakeFixtureHostFs(const fs::path& root) {
  return std::make_unique<FixtureHostFs>(root);
}

std::vector<fs::path> FixtureCases(std::string_view collector) {
  std::vector<fs::path> cases;
  const fs::path folder = fs::path(TOCSIN_SOURCE_DIR) / "tests/fixtures" / collector;
  if (!fs::exists(folder)) return cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::string ReadTextFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string RenderText(const Ref<const Snapshot>& snapshot) {
  return exposition::RenderPage({&snapshot, 1}, exposition::Format::kText);
}

std::string_view ErrcName(Errc code) {
  switch (code) {
    case Errc::kUnsupported:
      return "kUnsupported";
    case Errc::kIo:
      return "kIo";
    case Errc::kMalformed:
      return "kMalformed";
    case Errc::kInvalid:
      return "kInvalid";
    case Errc::kNotFound:
      return "kNotFound";
    case Errc::kLimit:
      return "kLimit";
    case Errc::kTimeout:
      return "kTimeout";
    case Errc::kCancelled:
      return "kCancelled";
  }
  return "";
}

}  // namespace tocsin
