#pragma once
// A host whose every file, directory and netlink answer is cut from one text, for fuzzers.

#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.h"
#include "collectors/btrfs_devices.h"
#include "collectors/dbus.h"
#include "collectors/dir_stream.h"
#include "collectors/ethtool.h"
#include "collectors/host_fs.h"
#include "collectors/netlink.h"
#include "collectors/proc_dir.h"

namespace tocsin {

/// Sections of a text, separated by lines "--". A path keeps the section it got first, so that a
/// second round reads the same host; a section that begins with '!' is a missing file.
class MemoryHost {
 public:
  explicit MemoryHost(std::string_view text) {
    constexpr std::string_view kSeparator = "\n--\n";
    while (true) {
      const auto end = text.find(kSeparator);
      sections_.push_back(text.substr(0, end));
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + kSeparator.size());
    }
  }

  Result<std::string_view> Section(const std::string& path) {
    const auto [found, added] = by_path_.try_emplace(path, by_path_.size() % sections_.size());
    const std::string_view section = sections_[found->second];
    if (section.starts_with('!')) return Error{Errc::kNotFound, path + ": missing"};
    return section;
  }

 private:
  std::vector<std::string_view> sections_;
  std::map<std::string, std::size_t> by_path_;
};

class MemoryFile final : public HostFile {
 public:
  MemoryFile(MemoryHost& host, std::string path) : host_(host), path_(std::move(path)) {}
  Result<std::string_view> Read() override { return host_.Section(path_); }

 private:
  MemoryHost& host_;
  std::string path_;
};

class MemoryDir final : public HostDir {
 public:
  MemoryDir(MemoryHost& host, std::string path) : host_(host), path_(std::move(path)) {}

  Result<std::span<const std::string_view>> List() override {
    TRY_ASSIGN(std::string_view text, host_.Section(path_));
    std::set<std::string_view> names;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view name = text.substr(0, end);
      // What a kernel can have as a name.
      if (!name.empty() && name.find('/') == name.npos && name.find('\0') == name.npos &&
          name.size() < 256) {
        names.insert(name);
      }
      text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    }
    names_.assign(names.begin(), names.end());
    return std::span<const std::string_view>(names_);
  }

 private:
  MemoryHost& host_;
  std::string path_;
  std::vector<std::string_view> names_;
};

/// The names of a directory's section; those that end with '/' are directories.
class MemoryDirStream final : public DirStream {
 public:
  MemoryDirStream(MemoryHost& host, std::string path, std::string_view names)
      : host_(host), path_(std::move(path)), names_(names) {}

  static Result<std::unique_ptr<DirStream>> Open(MemoryHost& host, std::string path) {
    TRY_ASSIGN(const std::string_view names, host.Section(path));
    return std::unique_ptr<DirStream>(
        std::make_unique<MemoryDirStream>(host, std::move(path), names));
  }
  Result<std::optional<DirEntry>> Next() override {
    if (names_.empty()) return std::optional<DirEntry>();
    name_ = TakeLine(names_);
    const bool folder = name_.ends_with('/');
    if (folder) name_.pop_back();
    return std::optional(DirEntry{name_,
                                  folder ? DirEntry::Kind::kDirectory : DirEntry::Kind::kFile,
                                  seconds(1), name_.size()});
  }
  Result<std::unique_ptr<DirStream>> OpenChild(const std::string& name) const override {
    return Open(host_, path_ + "/" + name);
  }

 private:
  MemoryHost& host_;
  const std::string path_;
  std::string_view names_;
  std::string name_;
};

class MemoryNetlink final : public NetlinkSocket {
 public:
  MemoryNetlink(MemoryHost& host, int protocol)
      : host_(host), name_("netlink " + std::to_string(protocol)) {}

  Status Start(const NetlinkRequest& request) override {
    TRY_ASSIGN(answer_, host_.Section(name_ + " " + std::to_string(request.type)));
    return Unit{};
  }
  Result<std::string_view> Next() override { return std::exchange(answer_, {}); }

 private:
  MemoryHost& host_;
  std::string name_;
  std::string_view answer_;
};

class MemoryEthtool final : public EthtoolSource {
 public:
  explicit MemoryEthtool(MemoryHost& host) : host_(host) {}

  int ReadDriver(const std::string& device, ethtool_drvinfo& driver) override {
    return Fill("driver " + device, driver);
  }
  int ReadLink(const std::string& device, ethtool_cmd& link) override {
    return Fill("link " + device, link);
  }
  int ReadStatisticNames(const std::string& device, std::uint32_t count,
                         std::vector<std::string>& names) override {
    const auto text = host_.Section("names " + device);
    if (!text || count > kMaxStatistics) return EOPNOTSUPP;
    names.clear();
    std::string_view rest = *text;
    for (std::uint32_t i = 0; i < count; ++i) names.emplace_back(TakeLine(rest));
    return 0;
  }
  int ReadStatistics(const std::string&, std::uint32_t count,
                     std::vector<std::uint64_t>& values) override {
    values.assign(count, count);
    return 0;
  }

 private:
  static constexpr std::uint32_t kMaxStatistics = 64;

  template <class T>
  int Fill(const std::string& name, T& out) {
    const auto text = host_.Section(name);
    if (!text) return EOPNOTSUPP;
    out = ReadValue<T>(*text);
    return 0;
  }

  MemoryHost& host_;
};

class MemoryDbus final : public DbusConnection {
 public:
  explicit MemoryDbus(MemoryHost& host) : host_(host) {}

  Result<std::string_view> Call(const DbusCall& call) override {
    std::string name = "dbus " + std::string(call.path) + " " + std::string(call.member);
    for (const std::string_view argument : call.arguments) name.append(" ").append(argument);
    return host_.Section(name);
  }

 private:
  MemoryHost& host_;
};

/// Processes from the section of "/proc".
class MemoryProcDir final : public ProcDir {
 public:
  explicit MemoryProcDir(MemoryHost& host) : host_(host) {}

  Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) override {
    if (!List("", pids_)) return Error{Errc::kNotFound, "/proc: missing"};
    for (; next_ < pids_.size(); ++next_) {
      if (!visit(pids_[next_])) return false;
    }
    next_ = 0;
    return true;
  }
  RawRead Read(const char* path, std::span<char> buffer) override {
    const auto text = host_.Section(std::string("/proc/") + path);
    if (!text) return {ENOENT, {}};
    return {0, {buffer.data(), text->copy(buffer.data(), buffer.size())}};
  }
  bool List(const char* path, std::vector<std::uint32_t>& numbers) override {
    numbers.clear();
    MemoryDir dir(host_, std::string("/proc/") + path);
    const auto names = dir.List();
    if (!names) return false;
    for (const std::string_view name : *names) {
      if (const auto number = ParseInt<std::uint32_t>(name)) numbers.push_back(*number);
    }
    return true;
  }
  std::optional<std::uint64_t> Count(const char* path) override {
    const auto text = host_.Section(std::string("/proc/") + path);
    return text ? std::optional(text->size()) : std::nullopt;
  }

 private:
  MemoryHost& host_;
  std::vector<std::uint32_t> pids_;
  std::size_t next_ = 0;
};

class MemoryHostFs final : public HostFs {
 public:
  explicit MemoryHostFs(std::string_view text) : host_(text) {}

  const HostPaths& paths() const override { return paths_; }
  std::unique_ptr<HostFile> File(std::string path) const override {
    return std::make_unique<MemoryFile>(host_, std::move(path));
  }
  std::unique_ptr<HostDir> Dir(std::string path) const override {
    return std::make_unique<MemoryDir>(host_, std::move(path));
  }
  Result<std::string> Read(const std::string& path) const override {
    TRY_ASSIGN(const std::string_view text, host_.Section(path));
    return std::string(text);
  }
  RawRead ReadInto(const std::string& path, std::string& buffer) const override {
    const auto text = host_.Section(path);
    if (!text) return {ENOENT, {}};
    buffer.assign(*text);
    return {0, buffer};
  }
  Result<std::vector<std::string>> List(const std::string& path) const override {
    MemoryDir dir(host_, path);
    TRY_ASSIGN(const auto names, dir.List());
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<std::unique_ptr<DirStream>> OpenDir(const std::string& path) const override {
    return MemoryDirStream::Open(host_, path);
  }
  Result<std::string> ReadLink(const std::string& path) const override { return Read(path); }
  Result<std::string> RealPath(const std::string& path) const override { return Read(path); }
  bool Exists(const std::string& path) const override { return host_.Section(path).ok(); }
  Result<FileStatus> Stat(const std::string& path) const override {
    TRY_ASSIGN(const std::string_view text, host_.Section(path));
    return FileStatus{seconds(1), text.size(), 1, true};
  }
  StatVfsCall StatVfs() const override {
    // The call may outlive the host, so its answers come from the path alone.
    return [](const std::string& path) -> Result<struct statvfs> {
      if (path.size() % 5 == 0) return Error{Errc::kIo, path};
      struct statvfs info {};
      info.f_bsize = info.f_blocks = path.size();
      return info;
    };
  }
  std::unique_ptr<ProcDir> Processes() const override {
    return std::make_unique<MemoryProcDir>(host_);
  }
  Status BtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) const override {
    TRY_ASSIGN(const std::string_view text, host_.Section("btrfs " + path));
    filesystem.uuid = text;
    filesystem.devices = {{path, std::string(text), text.size(), 0, {}}};
    return Unit{};
  }
  std::unique_ptr<EthtoolSource> Ethtool() const override {
    return std::make_unique<MemoryEthtool>(host_);
  }
  Result<struct utsname> Uname() const override {
    TRY_ASSIGN(struct utsname info, Fill<struct utsname>("uname"));
    for (char* field :
         {info.sysname, info.nodename, info.release, info.version, info.machine, info.domainname}) {
      field[sizeof info.sysname - 1] = '\0';
    }
    return info;
  }
  Result<ClockDiscipline> Adjtimex() const override { return Fill<ClockDiscipline>("adjtimex"); }
  LocalZone ZoneAt(WallTime) const override { return {"UTC", seconds(0)}; }
  std::unique_ptr<NetlinkSocket> Netlink(int protocol) const override {
    return std::make_unique<MemoryNetlink>(host_, protocol);
  }
  std::unique_ptr<DbusConnection> SystemBus() const override {
    return std::make_unique<MemoryDbus>(host_);
  }
  std::size_t PageBytes() const override { return 4096; }

 private:
  template <class T>
  Result<T> Fill(const std::string& path) const {
    TRY_ASSIGN(const std::string_view text, host_.Section(path));
    return ReadValue<T>(text);
  }

  mutable MemoryHost host_;
  HostPaths paths_;
};

}  // namespace tocsin
