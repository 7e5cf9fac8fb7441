#pragma once
// A disk in memory that can fill up, fail, and lose power in the middle of a write.

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "metrics/store/files.h"

namespace tocsin::store {

class MemoryFiles final : public FileSystem {
 public:
  std::map<std::string, Bytes> files;
  std::size_t capacity = std::numeric_limits<std::size_t>::max();  // bytes in all files
  bool read_only = false;
  std::size_t syncs = 0;

  /// From operation number `operation` on nothing changes any more, but of a write `part` bytes
  /// are still done.
  void CutAt(std::size_t operation, std::size_t part) {
    cut_at_ = operation;
    cut_part_ = part;
  }
  bool WasCut() const { return operations_ > cut_at_; }
  std::size_t operations() const { return operations_; }

  Status MakeDirectory(const std::string&) override { return Change(); }

  Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) override {
    if (locked_) return Error{Errc::kInvalid, directory + ": is in use"};
    locked_ = true;
    return std::unique_ptr<DirectoryLock>(std::make_unique<Held>(*this));
  }

  Result<std::vector<FileEntry>> List(const std::string& directory) override {
    std::vector<FileEntry> entries;
    for (const auto& [path, bytes] : files) {
      if (path.starts_with(directory + "/")) {
        entries.push_back({path.substr(directory.size() + 1), bytes.size()});
      }
    }
    return entries;
  }

  Result<Bytes> Read(const std::string& path, std::size_t) override {
    const auto found = files.find(path);
    if (found == files.end()) return Error{Errc::kIo, path + ": no such file"};
    return found->second;
  }

  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    TRY(Change());
    if (!files.emplace(path, Bytes()).second) return Error{Errc::kIo, path + ": exists"};
    return std::unique_ptr<AppendFile>(std::make_unique<File>(*this, path));
  }

  Status Remove(const std::string& path) override {
    TRY(Change());
    files.erase(path);
    return Unit{};
  }

 private:
  class Held final : public DirectoryLock {
   public:
    explicit Held(MemoryFiles& disk) : disk_(disk) {}
    ~Held() override { disk_.locked_ = false; }

   private:
    MemoryFiles& disk_;
  };

  class File final : public AppendFile {
   public:
    File(MemoryFiles& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

    Status Append(std::span<const std::uint8_t> bytes) override {
      const bool cut_here = disk_.operations_ == disk_.cut_at_;
      const Status allowed = disk_.Change();
      if (!allowed && !cut_here) return allowed;
      std::size_t used = 0;
      for (const auto& [path, content] : disk_.files) used += content.size();
      std::size_t fits = std::min(bytes.size(), disk_.capacity - std::min(disk_.capacity, used));
      if (cut_here) fits = std::min(fits, disk_.cut_part_);
      Bytes& content = disk_.files[path_];
      content.insert(content.end(), bytes.begin(), bytes.begin() + static_cast<long>(fits));
      if (!allowed) return allowed;
      if (fits < bytes.size()) return Error{Errc::kIo, path_ + ": no space left"};
      return Unit{};
    }

    Status Truncate(std::uint64_t size) override {
      TRY(disk_.Change());
      disk_.files[path_].resize(size);
      return Unit{};
    }

    Status Sync() override {
      TRY(disk_.Change());
      ++disk_.syncs;
      return Unit{};
    }

   private:
    MemoryFiles& disk_;
    const std::string path_;
  };

  Status Change() {
    if (operations_++ >= cut_at_) return Error{Errc::kIo, "no power"};
    if (read_only) return Error{Errc::kIo, "read-only file system"};
    return Unit{};
  }

  std::size_t operations_ = 0;
  std::size_t cut_at_ = std::numeric_limits<std::size_t>::max();
  std::size_t cut_part_ = 0;
  bool locked_ = false;
};

}  // namespace tocsin::store
