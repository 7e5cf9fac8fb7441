#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/base/temp_folder.h"
#include "tests/collectors/plugin/round.h"

namespace tocsin {

/// Scripts in a folder of their own.
class ProgramTest : public testing::Test {
 protected:
  using Test = CollectorUnderTest;

  ProgramTest() { ::signal(SIGPIPE, SIG_IGN); }

  std::string Script(const std::string& name, const std::string& text, mode_t mode = 0755) {
    dir_.Write(name, "#!/bin/sh\n" + text + "\n");
    const std::filesystem::path path = dir_ / name;
    ::chmod(path.c_str(), mode);
    return path.string();
  }

  const TempFolder dir_;
};

}  // namespace tocsin
