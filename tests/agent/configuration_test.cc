// Everything that is wrong with a configuration and the files it names is said in one run.

#include <gtest/gtest.h>

#include "agent/runtime/agent.h"
#include "base/clock.h"
#include "collectors/net/network.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

constexpr std::string_view kAllErrors = R"(absent.yml: No such file or directory
tocsin.yml:1:32: bad duration "15 sec": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
tocsin.yml:3:19: telemetry_path must begin with "/"
tocsin.yml:4:21: listen_addresses must name at least one
tocsin.yml:5:1: unknown key "colectors" in the configuration: did you mean "collectors"?
tocsin.yml:6:15: unknown log level "loud": expected one of debug, info, warn, error
tocsin.yml:6:29: unknown log format "xml": expected one of logfmt, json
tocsin.yml:8:24: an interval is at least 100ms
tocsin.yml:8:38: expected true or false, found "maybe"
tocsin.yml:9:10: unknown key "intreval" in collector cpu: expected one of guest, info, info_flags_include, info_bugs_include
tocsin.yml:13:48: the scheme is http or https
tocsin.yml:14:9: scrape job needs "job_name"
tocsin.yml:15:56: bad duration "soon": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
tocsin.yml:17:38: a window is at least 1s
tocsin.yml:18:17: node_cpu_seconds_total is a counter: extremes are of gauges
tocsin.yml:19:55: expected leak_time_scale from 1 to 1000
tocsin.yml:22:14: max_queue is 1 to 1000000
tocsin.yml:23:14: bad duration "never": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
am.yml:1:29: expected true or false, found "yes"
am.yml:4:13: there is no receiver "temas": did you mean "teams"?
am.yml:5:15: bad duration "x": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
am.yml:7:20: bad regular expression "(": missing ): (
am.yml:8:26: unknown key "reciever" in route: did you mean "receiver"?
am.yml:8:64: there is no time interval "nights": did you mean "night"?
am.yml:11:46: bad time of day "25:00": expected 00:00 to 24:00
am.yml:11:88: bad value "moonday" in weekdays: expected one, or two with a colon between them
am.yml:15:11: this receiver needs "url" or "url_file": is it meant by "ulr"?
am.yml:16:16: expected a URL that begins with http:// or https://
am.yml:17:51: template:1:1: unclosed action
am.yml:18:5: receiver needs "name"
broken.tmpl:2:7: missing value for if
r.yml:3:15: bad duration "1 minute": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
r.yml:6:9: alert "A" needs expr: is it meant by "exprr"?
r.yml:8:21: in the expr of alert "B": unclosed left parenthesis
    sum(up
          ^
r.yml:9:14: bad duration "5 m": expected numbers with units ms, s, m, h, d, w or y, largest first, as in "90s" or "1h30m"
r.yml:10:33: in the annotation "summary" of alert "B": __alert_B:1:1: unclosed action
r.yml:11:41: warning of alert "C" needs a threshold: above: or below: is it meant by "abov"?
)";

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationResult Load(Flags flags = {}) {
    flags.config_file = (folder_ / "tocsin.yml").string();
    static const SystemClock clock;
    return LoadConfiguration(flags, std::make_shared<net::Network>(clock));
  }

  /// With the folder's path taken out of them.
  std::string Errors(const ConfigurationResult& result) {
    std::string text;
    for (const Error& error : result.errors) text += error.message() + "\n";
    const std::string folder = folder_.path().string() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
      text.erase(at, folder.size());
    }
    return text;
  }

  const TempFolder folder_;
};

TEST_F(ConfigurationTest, AllErrorsOfAllFilesAreFoundInOneRun) {
  folder_.Write("tocsin.yml", R"(global: { evaluation_interval: 15 sec }
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
  folder_.Write("r.yml", R"(groups:
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
  folder_.Write("am.yml", R"(global: { smtp_require_tls: yes }
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
  folder_.Write("broken.tmpl", "{{ define \"a\" }}{{ end }}\n{{ if }}\n");
  const ConfigurationResult result = Load();
  EXPECT_FALSE(result.loaded);
  EXPECT_EQ(Errors(result), kAllErrors);
}

TEST_F(ConfigurationTest, AGoodOneIsLoadedAndKeepsNoErrors) {
  folder_.Write("tocsin.yml", "rules: { files: [r.yml] }\n");
  folder_.Write("r.yml", "groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n");
  const ConfigurationResult result = Load();
  ASSERT_TRUE(result.loaded) << Errors(result);
  EXPECT_EQ(result.loaded->settings.file.errors, nullptr) << "other threads read the file";
  EXPECT_EQ(result.loaded->rules.groups.size(), 1u);
}

TEST_F(ConfigurationTest, TheLogSaysTheFirstErrorAndHowManyMore) {
  folder_.Write("tocsin.yml", "glob: 1\nwbe: 2\n");
  const ConfigurationResult result = Load();
  ASSERT_EQ(result.errors.size(), 2u);
  const std::string first = result.FirstError().message();
  EXPECT_TRUE(first.starts_with(result.errors[0].message())) << first;
  EXPECT_NE(first.find("and 1 more"), std::string::npos) << first;
}

TEST_F(ConfigurationTest, AFileThatIsNoYamlIsOneError) {
  folder_.Write("tocsin.yml", "a: [\nb: }\n");
  EXPECT_EQ(Load().errors.size(), 1u);
}

TEST_F(ConfigurationTest, FlagsAreErrorsToo) {
  folder_.Write("tocsin.yml", "wbe: 2\n");
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
