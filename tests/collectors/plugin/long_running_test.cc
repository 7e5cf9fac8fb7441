// Programs that stay, and shared objects.

#include <thread>

#include "base/file.h"
#include "collectors/plugin/plugins.h"
#include "tests/collectors/plugin/program_fixture.h"

namespace tocsin {
namespace {

class PluginTest : public ProgramTest {
 protected:
  /// Settings of one program called "p".
  std::string Plugin(const std::string& script, const std::string& more = "") {
    return "programs:\n- name: p\n  command: " + Script("p", script) + "\n" + more;
  }
};

TEST_F(PluginTest, AnswersEachRound) {
  Test plugin(kPluginCollector,
              Plugin("n=0; while read word at timeout; do n=$((n+1))\n"
                     "echo \"asked_total{word=\\\"$word\\\"} $n\"; echo '# EOF'; done"));
  for (const char* count : {"1", "2", "3"}) {
    EXPECT_EQ(ValueOf(plugin.Round(), R"(asked_total{word="collect"})"), count);
  }
}

TEST_F(PluginTest, OneThatMisbehavesIsEnded) {
  const struct {
    const char* what;
    const char* script;
    const char* reason;
  } kCases[] = {
      {"never answers", "sleep 1000", "timeout"},
      {"ends", "read line; exit 3", "closed"},
      {"no end mark", "read line; echo a 1; sleep 1000", "timeout"},
      {"endless answer", "read line; while :; do echo a 1; done", "too_large"},
      {"garbage", "while read line; do echo 'no metric'; echo '# EOF'; done", "content"},
      {"stdout closed", "exec >&-; sleep 1000", "timeout"},
      {"stdin closed", "read line; exec <&-; sleep 1000", "timeout"},
  };
  for (const auto& c : kCases) {
    const bool late = c.reason == std::string_view("timeout");
    Test plugin(kPluginCollector, Plugin(c.script, std::string("  max_output: 64KB\n  timeout: ") +
                                                       (late ? "500ms\n" : "30s\n")));
    const std::string page = plugin.Round();
    EXPECT_EQ(Failures(page, "plugin", c.reason, "p"), "1") << c.what << "\n" << page;
    EXPECT_EQ(page.find("\na 1"), std::string::npos) << c.what;
  }
}

TEST_F(PluginTest, IsStartedAgainAfterAPause) {
  const std::string count = (dir_ / "count").string();
  Test plugin(kPluginCollector,
              Plugin("echo x >>" + count + "; read line; echo a 1; echo '# EOF'; exit"));
  EXPECT_EQ(ValueOf(plugin.Round(), "a"), "1");
  bool paused = false;
  for (int i = 0; i < 12'000; ++i) {
    const bool up = ValueOf(plugin.Round(), "a") == "1";
    const auto starts = ReadWholeFile(count, 1000);
    ASSERT_TRUE(starts.ok());
    paused |= !up && *starts == "x\n";
    if (up && paused) return;
    std::this_thread::sleep_for(milliseconds(5));
  }
  FAIL() << "it was never started again, or without a pause";
}

class SharedObjectTest : public ProgramTest {
 protected:
  static std::string Objects(const std::string& config, const std::string& more = "") {
    return "objects:\n- name: example\n  path: " EXAMPLE_PLUGIN "\n  config: '" + config + "'\n" +
           more;
  }
};

TEST_F(SharedObjectTest, TheExampleExports) {
  Test object(kSharedObjectCollector, Objects("3", "  labels: { where: here, queue: ours }\n"));
  const std::string page = object.Round();
  EXPECT_EQ(ValueOf(page, R"(example_rounds_total{queue="ours",where="here"})"), "1") << page;
  EXPECT_EQ(ValueOf(page, R"(example_depth{queue="q0",where="here"})"), "0");
  EXPECT_EQ(ValueOf(page, R"(example_depth{queue="q2",where="here"})"), "20");
  EXPECT_EQ(ValueOf(page, R"(tocsin_shared_object_up{object="example"})"), "1");
  const auto layout = object.layout();
  EXPECT_EQ(ValueOf(object.Round(), R"(example_rounds_total{queue="ours",where="here"})"), "2");
  EXPECT_EQ(object.layout(), layout);
}

TEST_F(SharedObjectTest, WhatGoesWrongCostsItsOwnDataOnly) {
  for (const char* config : {"refuse", "fail", "bad name", "bad label", "twice", "many", "null"}) {
    Test object(kSharedObjectCollector, Objects(config,
                                                "  max_series: 100\n"
                                                "- { name: other, path: " EXAMPLE_PLUGIN
                                                ", config: '1', labels: { o: x } }\n"));
    const std::string page = object.Round();
    EXPECT_EQ(ValueOf(page, R"(tocsin_shared_object_up{object="example"})"), "0") << config << "\n"
                                                                                  << page;
    EXPECT_EQ(ValueOf(page, R"(tocsin_shared_object_up{object="other"})"), "1") << config;
    EXPECT_EQ(ValueOf(page, R"(example_depth{o="x",queue="q0"})"), "0") << config;
    EXPECT_EQ(ValueOf(page, "example_rounds_total"), "absent") << config;
  }
}

TEST_F(SharedObjectTest, WhatIsNoPluginIsRefused) {
  dir_.Write("text.so", "no ELF");
  ::chmod((dir_ / "text.so").c_str(), 0755);
  const std::vector<std::string> paths{OLD_PLUGIN, "/no/such/file", (dir_ / "text.so").string()};
  for (const std::string& path : paths) {
    Test object(kSharedObjectCollector, "objects: [ { name: x, path: " + path + " } ]");
    EXPECT_EQ(ValueOf(object.Round(), R"(tocsin_shared_object_up{object="x"})"), "0") << path;
  }
}

}  // namespace
}  // namespace tocsin
