#pragma once
// Runs one probe to its end.

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "collectors/net/network.h"
#include "collectors/response/probe/engine.h"
#include "collectors/response/probe/module_file.h"
#include "tests/collectors/net/on_loop.h"

namespace tocsin::probe {

/// The module written as the inside of "m: TEXT".
inline std::shared_ptr<const Module> ModuleOf(const std::string& text) {
  const auto file = ParseYaml("modules:\n  m: " + text + "\n", "test.yml");
  EXPECT_TRUE(file.ok()) << file.error().message();
  const auto modules = ReadModules(*file);
  EXPECT_TRUE(modules.ok()) << modules.error().message();
  return modules->at("m");
}

class ProbeTest : public testing::Test {
 protected:
  ~ProbeTest() override {
    net::OnLoop(network_.loop(), [&] { engine_.Stop(); });
  }

  std::shared_ptr<const ProbeResult> Run(ProbeJob job, int retries = 0) {
    std::promise<std::shared_ptr<const ProbeResult>> done;
    net::OnLoop(network_.loop(), [&] {
      engine_.Run(std::move(job), retries, [&](const auto& result) { done.set_value(result); });
    });
    return done.get_future().get();
  }
  std::shared_ptr<const ProbeResult> Run(const std::string& module, const std::string& target) {
    return Run({ModuleOf(module), target, {}, milliseconds(10'000)});
  }

  SystemClock clock_;
  net::Network network_{clock_};
  History history_{10};
  Engine engine_{network_, history_, 2};
};

/// "ok", or the reason of the failure with its message.
inline std::string Verdict(const ProbeResult& result) {
  if (!result.failure) return "ok";
  return std::string(ReasonText(result.failure->reason)) + ": " + result.failure->message;
}

}  // namespace tocsin::probe
