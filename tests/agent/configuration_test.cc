// Everything that is wrong with a configuration and the files it names is said in one run.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/runtime/agent.h"
#include "base/clock.h"
#include "collectors/net/network.h"

namespace tocsin {
namespace {

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    std::string name = (std::filesystem::temp_directory_path() / "tocsin-config-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ConfigurationTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
  }

  ConfigurationResult Load(Flags flags = {}) {
    flags.config_file = (folder_ / "tocsin.yml").string();
    static const SystemClock clock;
    return LoadConfiguration(flags, std::make_shared<net::Network>(clock));
  }

  /// With the folder's path taken out of them.
  std::string Errors(const ConfigurationResult& result) {
    std::string text;
    for (const Error& error : result.errors) text += error.message() + "\n";
    const std::string folder = folder_.string() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
      text.erase(at, folder.size());
    }
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(ConfigurationTest, AllErrorsOfAllFilesAreFoundInOneRun) {
  Write("tocsin.yml", R"(global: { evaluation_interval: 15 sec }
web:
  telemetry_path: metrics
  listen_addresses: []
colectors: {}
log: { level: loud, format: xml }
collectors:
  loadavg: { interval: 1ms, enabled: maybe }
  cpu: { intreval: 5s }
  scrape:
    enabled: true
    jobs:
      - { job_name: a, targets: [x:1], scheme: gopher }
      - { targets: [y:1] }
      - { job_name: c, targets: [z:1], scrape_timeout: soon }
extremes:
  - { metrics: [node_load1], window: 1ms }
  - { metrics: [node_cpu_seconds_total] }
rules: { files: [r.yml, absent.yml], leak_time_scale: 0 }
notify:
  config_file: am.yml
  max_queue: 0
  retry_for: never
)");
  Write("r.yml", R"(groups:
  - name: g
    interval: 1 minute
    rules:
      - alert: A
        exprr: up == 0
      - alert: B
        expr: sum(up
        for: 5 m
        annotations: { summary: "{{ .Nope" }
      - { alert: C, expr: x, warning: { abov: 1 } }
)");
  Write("am.yml", R"(global: { smtp_require_tls: yes }
templates: [broken.tmpl]
route:
  receiver: temas
  group_wait: x
  routes:
    - { matchers: ["a=~("], receiver: teams }
    - { match: { b: c }, reciever: teams, mute_time_intervals: [nights] }
time_intervals:
  - name: night
    time_intervals: [{ times: [{ start_time: "25:00", end_time: "26:00" }], weekdays: [moonday] }]
receivers:
  - name: teams
    webhook_configs:
      - { ulr: "http://x/" }
      - { url: "ftp://x/" }
    slack_configs: [{ api_url: "http://x/", text: "{{ .A" }]
  - { webhook_configs: [] }
)");
  Write("broken.tmpl", "{{ define \"a\" }}{{ end }}\n{{ if }}\n");
  const ConfigurationResult result = Load();
  EXPECT_FALSE(result.loaded);
  EXPECT_EQ(Errors(result), "");
}

TEST_F(ConfigurationTest, AGoodOneIsLoadedAndKeepsNoErrors) {
  Write("tocsin.yml", "rules: { files: [r.yml] }\n");
  Write("r.yml", "groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n");
  const ConfigurationResult result = Load();
  ASSERT_TRUE(result.loaded) << Errors(result);
  EXPECT_EQ(result.loaded->settings.file.errors, nullptr) << "other threads read the file";
  EXPECT_EQ(result.loaded->rules.groups.size(), 1u);
}

TEST_F(ConfigurationTest, TheLogSaysTheFirstErrorAndHowManyMore) {
  Write("tocsin.yml", "glob: 1\nwbe: 2\n");
  const ConfigurationResult result = Load();
  ASSERT_EQ(result.errors.size(), 2u);
  const std::string first = result.FirstError().message();
  EXPECT_TRUE(first.starts_with(result.errors[0].message())) << first;
  EXPECT_NE(first.find("and 1 more"), std::string::npos) << first;
}

TEST_F(ConfigurationTest, AFileThatIsNoYamlIsOneError) {
  Write("tocsin.yml", "a: [\nb: }\n");
  EXPECT_EQ(Load().errors.size(), 1u);
}

TEST_F(ConfigurationTest, FlagsAreErrorsToo) {
  Write("tocsin.yml", "wbe: 2\n");
  Flags flags;
  flags.log_level = "loud";
  flags.telemetry_path = "metrics";
  const ConfigurationResult result = Load(flags);
  ASSERT_EQ(result.errors.size(), 3u) << Errors(result);
  EXPECT_TRUE(result.errors[0].message().starts_with("--web.telemetry-path"));
  EXPECT_TRUE(result.errors[1].message().starts_with("--log.level"));
}

}  // namespace
}  // namespace tocsin
