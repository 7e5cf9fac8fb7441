#pragma once
// The real host, with a list of which files and directories were read.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/btrfs_devices.h"
#include "collectors/dbus.h"
#include "collectors/dir_stream.h"
#include "collectors/ethtool.h"
#include "collectors/host_fs.h"
#include "collectors/netlink.h"
#include "collectors/proc_dir.h"

namespace tocsin {

/// One thread at a time.
class RecordingHostFs : public HostFs {
 public:
  explicit RecordingHostFs(HostPaths paths = {}) : host_(MakeHostFs(std::move(paths))) {}

  /// Files in the order in which they were read since the last Clear.
  std::vector<std::string> files() const { return *files_; }
  void Clear() { files_->clear(); }

  const HostPaths& paths() const override { return host_->paths(); }
  std::unique_ptr<HostFile> File(std::string path) const override {
    return std::make_unique<RecordingFile>(host_->File(path), path, files_);
  }
  std::unique_ptr<HostDir> Dir(std::string path) const override {
    return std::make_unique<RecordingDir>(host_->Dir(path), path, files_);
  }
  Result<std::string> Read(const std::string& path) const override {
    files_->push_back(path);
    return host_->Read(path);
  }
  RawRead ReadInto(const std::string& path, std::string& buffer) const override {
    files_->push_back(path);
    return host_->ReadInto(path, buffer);
  }
  Result<std::vector<std::string>> List(const std::string& path) const override {
    files_->push_back(path);
    return host_->List(path);
  }
  Result<std::unique_ptr<DirStream>> OpenDir(const std::string& path) const override {
    files_->push_back(path);
    return host_->OpenDir(path);
  }
  Result<std::string> ReadLink(const std::string& path) const override {
    return host_->ReadLink(path);
  }
  Result<std::string> RealPath(const std::string& path) const override {
    return host_->RealPath(path);
  }
  bool Exists(const std::string& path) const override { return host_->Exists(path); }
  Result<FileStatus> Stat(const std::string& path) const override { return host_->Stat(path); }
  StatVfsCall StatVfs() const override { return host_->StatVfs(); }
  Status BtrfsDevices(const std::string& path, BtrfsFilesystem& filesystem) const override {
    return host_->BtrfsDevices(path, filesystem);
  }
  std::unique_ptr<ProcDir> Processes() const override {
    return std::make_unique<RecordingProcDir>(host_->Processes(), files_);
  }
  Result<struct utsname> Uname() const override { return host_->Uname(); }
  Result<ClockDiscipline> Adjtimex() const override { return host_->Adjtimex(); }
  std::unique_ptr<NetlinkSocket> Netlink(int protocol) const override {
    return host_->Netlink(protocol);
  }
  std::unique_ptr<EthtoolSource> Ethtool() const override { return host_->Ethtool(); }
  std::unique_ptr<DbusConnection> SystemBus() const override { return host_->SystemBus(); }
  LocalZone ZoneAt(WallTime at) const override { return host_->ZoneAt(at); }
  std::size_t PageBytes() const override { return host_->PageBytes(); }

 private:
  using Files = std::shared_ptr<std::vector<std::string>>;

  class RecordingFile final : public HostFile {
   public:
    RecordingFile(std::unique_ptr<HostFile> file, std::string path, Files files)
        : file_(std::move(file)), path_(std::move(path)), files_(std::move(files)) {}
    Result<std::string_view> Read() override {
      files_->push_back(path_);
      return file_->Read();
    }

   private:
    const std::unique_ptr<HostFile> file_;
    const std::string path_;
    const Files files_;
  };

  class RecordingDir final : public HostDir {
   public:
    RecordingDir(std::unique_ptr<HostDir> dir, std::string path, Files files)
        : dir_(std::move(dir)), path_(std::move(path)), files_(std::move(files)) {}
    Result<std::span<const std::string_view>> List() override {
      files_->push_back(path_);
      return dir_->List();
    }

   private:
    const std::unique_ptr<HostDir> dir_;
    const std::string path_;
    const Files files_;
  };

  class RecordingProcDir final : public ProcDir {
   public:
    RecordingProcDir(std::unique_ptr<ProcDir> dir, Files files)
        : dir_(std::move(dir)), files_(std::move(files)) {}
    Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) override {
      return dir_->ForEach(visit);
    }
    RawRead Read(const char* path, std::span<char> buffer) override {
      files_->push_back(path);
      return dir_->Read(path, buffer);
    }
    bool List(const char* path, std::vector<std::uint32_t>& numbers) override {
      files_->push_back(path);
      return dir_->List(path, numbers);
    }
    std::optional<std::uint64_t> Count(const char* path) override {
      files_->push_back(path);
      return dir_->Count(path);
    }

   private:
    const std::unique_ptr<ProcDir> dir_;
    const Files files_;
  };

  const std::unique_ptr<HostFs> host_;
  const Files files_ = std::make_shared<std::vector<std::string>>();
};

}  // namespace tocsin
