#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/collectors/plugin/round.h"

namespace tocsin {

/// Scripts in a folder of their own.
class ProgramTest : public testing::Test {
 protected:
  using Test = CollectorUnderTest;

  ProgramTest() {
    ::signal(SIGPIPE, SIG_IGN);
    std::string name = (std::filesystem::temp_directory_path() / "tocsin-exec-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~ProgramTest() override { std::filesystem::remove_all(dir_); }

  std::string Script(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const std::filesystem::path path = dir_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), mode);
    return path.string();
  }

  /// How often a target has failed for that reason.
  static std::string Failures(const std::string& page, const std::string& collector,
                              const std::string& reason, const std::string& target) {
    return Test::ValueOf(page, "tocsin_target_failures_total{collector=\"" + collector +
                                   "\",reason=\"" + reason + "\",target=\"" + target + "\"}");
  }

  std::filesystem::path dir_;
};

}  // namespace tocsin
