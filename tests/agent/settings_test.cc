#include "agent/settings.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin {
namespace {

std::string ErrorOf(std::string_view text, const Flags& flags = {}) {
  const auto settings = ParseSettings(text, "t.yml", flags);
  return settings.ok() ? "no error" : settings.error().message();
}

const CollectorSettings& Collector(const Settings& settings, std::string_view name) {
  for (const CollectorSettings& collector : settings.collectors) {
    if (collector.entry->name == name) return collector;
  }
  ADD_FAILURE() << "no collector " << name;
  return settings.collectors.front();
}

TEST(SettingsTest, AnEmptyFileGivesTheDefaults) {
  const auto settings = ParseSettings("", "t.yml", {});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->web.listen_addresses, std::vector<std::string>{"127.0.0.1:9909"});
  EXPECT_TRUE(Collector(*settings, "loadavg").enabled);
  EXPECT_EQ(Collector(*settings, "loadavg").interval, seconds(1));
  EXPECT_EQ(settings->storage.retention, std::chrono::hours(3));
}

TEST(SettingsTest, FlagsStandOverTheFile) {
  Flags flags;
  flags.listen_addresses = {"127.0.0.1:1", "127.0.0.1:2"};
  flags.collector_enabled["loadavg"] = false;
  flags.collector_settings["loadavg"]["key"] = {"flag"};
  flags.collector_settings["loadavg"]["keys"] = {"a", "b"};
  flags.log_level = "debug";
  const auto settings = ParseSettings(
      "web: {listen_addresses: ['127.0.0.1:3']}\n"
      "collectors: {loadavg: {enabled: true, interval: 5s, key: file, other: x}}\n",
      "t.yml", flags);
  ASSERT_TRUE(settings.ok()) << settings.error().message();
  EXPECT_EQ(settings->web.listen_addresses, flags.listen_addresses);
  const CollectorSettings& loadavg = Collector(*settings, "loadavg");
  EXPECT_FALSE(loadavg.enabled);
  EXPECT_EQ(loadavg.interval, seconds(5));
  EXPECT_EQ(loadavg.own->Find("key")->scalar, "flag");
  EXPECT_EQ(loadavg.own->Find("keys")->items.size(), 2u) << "a flag given twice is a list";
  EXPECT_EQ(loadavg.own->Find("other")->scalar, "x");
  EXPECT_EQ(loadavg.own->Find("interval"), nullptr);
  EXPECT_EQ(settings->log.level, LogLevel::kDebug);
}

TEST(SettingsTest, ExtremesAreReadAndChecked) {
  const auto settings = ParseSettings(
      "extremes:\n- {metrics: [node_load1, node_memory_MemFree_bytes]}\n"
      "- {metrics: [node_load1], window: 10m}\n",
      "t.yml", {});
  ASSERT_TRUE(settings.ok()) << settings.error().message();
  ASSERT_EQ(settings->extremes.size(), 3u);
  EXPECT_EQ(settings->extremes[1], (ExtremesOf{"node_memory_MemFree_bytes", seconds(60)}));
  EXPECT_EQ(settings->extremes[2], (ExtremesOf{"node_load1", seconds(600)}));
  EXPECT_EQ(ErrorOf("extremes: [{metrics: [node_forks_total]}]"),
            "t.yml:1:23: node_forks_total is a counter: extremes are of gauges");
}

TEST(SettingsTest, DisableDefaultsLeavesWhatIsNamed) {
  Flags flags;
  flags.disable_default_collectors = true;
  EXPECT_FALSE(Collector(*ParseSettings("", "t.yml", flags), "loadavg").enabled);
  flags.collector_enabled["loadavg"] = true;
  EXPECT_TRUE(Collector(*ParseSettings("", "t.yml", flags), "loadavg").enabled);
}

TEST(SettingsTest, ErrorsSayWhereAndWhatWasMeant) {
  EXPECT_EQ(ErrorOf("colectors: {}\n"),
            "t.yml:1:1: unknown key \"colectors\" in the configuration: did you mean "
            "\"collectors\"?");
  EXPECT_EQ(ErrorOf("collectors:\n  loadavgg: {}\n"),
            "t.yml:2:3: unknown key \"loadavgg\" in collectors: did you mean \"loadavg\"?");
  EXPECT_TRUE(ErrorOf("collectors:\n  loadavg: {interval: 1 sec}\n")
                  .starts_with("t.yml:2:23: bad duration \"1 sec\""));
  EXPECT_EQ(ErrorOf("collectors: {loadavg: {interval: 1ms}}"),
            "t.yml:1:34: an interval is at least 100ms");
  EXPECT_EQ(ErrorOf("web: {listen_addresses: 9909}"),
            "t.yml:1:25: expected a list of strings, found \"9909\"");
  EXPECT_EQ(ErrorOf("log: {level: loud}"),
            "t.yml:1:14: unknown log level \"loud\": expected one of debug, info, warn, error");
  EXPECT_EQ(ErrorOf("global: {external_labels: {a-b: x}}"),
            "t.yml:1:28: \"a-b\" cannot be the name of a label");
  EXPECT_EQ(ErrorOf("web: {external_url: web1.example.org}"),
            "t.yml:1:21: expected a URL that begins with http:// or https://");
  EXPECT_EQ(ErrorOf("web: {telemetry_path: /alerts}"),
            "t.yml:1:23: the agent has another page at /alerts");
  EXPECT_EQ(ErrorOf("web: {telemetry_path: /a b}"),
            "t.yml:1:23: telemetry_path cannot have blanks, \"%\", \"?\", \"#\", \"\\\", \"//\" or "
            "\"/.\"");
  EXPECT_EQ(ErrorOf("web: {telemetry_path: /}"), "no error");
  EXPECT_EQ(ErrorOf("global: {evaluation_interval: 0s}"),
            "t.yml:1:31: expected a duration above 0");
  EXPECT_EQ(ErrorOf("storage: {retention: 0}"), "t.yml:1:22: expected a duration above 0");
  EXPECT_EQ(ErrorOf("storage: {max_series: 0}"), "t.yml:1:23: expected a number above 0");
  EXPECT_EQ(ErrorOf("query: {max_concurrency: 0}"), "t.yml:1:26: expected a number above 0");
  EXPECT_EQ(ErrorOf("query: {promql_compat: 2}"),
            "t.yml:1:24: promql_compat is v2 or v3, not \"2\"");
  Flags flags;
  flags.log_format = "xml";
  EXPECT_TRUE(ErrorOf("", flags).starts_with("--log.format: unknown log format"));
  flags = {};
  flags.external_url = "web1.example.org";
  EXPECT_EQ(ErrorOf("", flags), "--web.external-url must begin with http:// or https://");
  flags = {};
  flags.telemetry_path = "/-/reload";
  EXPECT_EQ(ErrorOf("", flags), "--web.telemetry-path: the agent has another page at /-/reload");
}

TEST(SettingsTest, PathsAreRelativeToTheFile) {
  const auto settings = ParseSettings("rules: {files: [r/*.yml, /abs.yml]}\nstorage: {path: data}",
                                      "/etc/tocsin/tocsin.yml", {});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->rules.files, (std::vector<std::string>{"/etc/tocsin/r/*.yml", "/abs.yml"}));
  EXPECT_EQ(settings->storage.path, "/etc/tocsin/data");
}

TEST(SettingsTest, TenThousandBrokenFilesGiveErrorsOrSettingsNeverACrash) {
  const std::string good =
      "global: {evaluation_interval: 15s, external_labels: {host: a}}\n"
      "web:\n  listen_addresses: ['127.0.0.1:9909']\n"
      "collectors:\n  loadavg: {enabled: true, interval: 1s, timeout: 2s}\n"
      "storage: &s {retention: 3h, max_bytes: 16MB}\nlog: {level: info}\n"
      "rules: {files: [\"a\", 'b']}\nquery: {timeout: 2m}\n";
  constexpr std::string_view kPieces[] = {
      "{",  "}",      "[", "]", ": ", "- ",   "&a ", "*a", "*s",    "\n",    "  ",    "\t", "'",
      "\"", "!!int ", "|", ">", "%",  "\xff", "? ",  "#",  "---\n", "...\n", "9e999", "~"};
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text = good;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text.erase(at, 1 + random() % 8);
          break;
        case 1:
          text.insert(at, kPieces[random() % std::size(kPieces)]);
          break;
        default:
          text[at] = static_cast<char>(random());
          break;
      }
      if (text.empty()) text = "x";
    }
    const auto settings = ParseSettings(text, "t.yml", {});
    if (!settings) {
      ++refused;
      EXPECT_TRUE(settings.error().message().starts_with("t.yml:")) << settings.error().message();
    }
  }
  EXPECT_GT(refused, 5'000);
}

}  // namespace
}  // namespace tocsin
