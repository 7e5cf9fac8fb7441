#pragma once
// As many processes as one likes, without a kernel.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "base/parse.h"
#include "tests/bench/recording_host_fs.h"

namespace tocsin {

/// Processes 1 … count of a hundred names, of which one in ten does something in each round.
class FakeProcesses final : public ProcDir {
 public:
  explicit FakeProcesses(std::uint32_t count) : count_(count) {}

  Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) override {
    for (; next_ <= count_; ++next_) {
      if (!visit(next_)) return false;
    }
    next_ = 1;
    ++round_;
    return true;
  }

  RawRead Read(const char* path, std::span<char> buffer) override {
    std::string_view rest = path;
    const auto slash = rest.find('/');
    const auto pid = ParseInt<std::uint32_t>(rest.substr(0, slash)).value_or(0);
    const std::string_view file = rest.substr(slash + 1);
    int size = 0;
    if (file == "stat") {
      const unsigned ticks = pid % 10 == 0 ? round_ * 3 : 7;
      size = std::snprintf(buffer.data(), buffer.size(),
                           "%u (program%02u) S 1 1 1 0 -1 4194304 120 0 3 0 %u 5 0 0 20 0 1 0 "
                           "%u 12345678 %u 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 0 "
                           "0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                           pid, pid % 100, ticks, 100 + pid, 500 + pid % 1000);
    } else if (file == "status") {
      size =
          std::snprintf(buffer.data(), buffer.size(),
                        "Name:\tprogram\nUid:\t0\t0\t0\t0\nVmRSS:\t  2000 kB\nRssAnon:\t 900 kB\n"
                        "VmSwap:\t 0 kB\nvoluntary_ctxt_switches:\t%u\n"
                        "nonvoluntary_ctxt_switches:\t3\n",
                        round_);
    } else if (file == "io") {
      size = std::snprintf(buffer.data(), buffer.size(), "read_bytes: 4096\nwrite_bytes: %u\n",
                           round_);
    } else if (file == "limits") {
      size = std::snprintf(buffer.data(), buffer.size(),
                           "Max open files            1024                 4096      files \n");
    } else if (file == "cmdline") {
      size = std::snprintf(buffer.data(), buffer.size(), "/usr/bin/program%02u", pid % 100);
    } else {
      return {ENOENT, {}};
    }
    return {0, {buffer.data(), static_cast<std::size_t>(size)}};
  }

  bool List(const char*, std::vector<std::uint32_t>&) override { return false; }
  std::optional<std::uint64_t> Count(const char*) override { return 12; }

 private:
  const std::uint32_t count_;
  std::uint32_t next_ = 1;
  std::uint32_t round_ = 1;
};

/// The real host but for its processes.
class FakeProcessesHostFs final : public RecordingHostFs {
 public:
  explicit FakeProcessesHostFs(std::uint32_t count) : count_(count) {}
  std::unique_ptr<ProcDir> Processes() const override {
    return std::make_unique<FakeProcesses>(count_);
  }

 private:
  const std::uint32_t count_;
};

}  // namespace tocsin
