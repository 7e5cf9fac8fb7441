// The collector: its settings, its rounds, and what it answers between them.

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <map>

#include "collectors/host_fs.h"
#include "collectors/on_demand.h"
#include "collectors/response/response.h"
#include "metrics/exposition/render.h"
#include "tests/base/temp_folder.h"
#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/probe/run_probe.h"

namespace tocsin {
namespace {

class ProbeCollectorTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Collector>> Make(const std::string& settings) {
    auto parsed = ParseYaml(settings, "tocsin.yml");
    EXPECT_TRUE(parsed.ok()) << parsed.error().message();
    file_ = *parsed;
    return kProbeCollector.make({*fs_, file_, *file_.root, network_});
  }
  std::string Round(Collector& collector) {
    RoundWriter writer;
    writer.Begin(WallTime{});
    const Status status = collector.Collect({WallTime{}, clock_.Mono() + patience_, {}}, writer);
    EXPECT_TRUE(status.ok());
    const auto snapshot = writer.Finish();
    EXPECT_TRUE(snapshot.ok()) << snapshot.error().message();
    return exposition::RenderPage(std::array{*snapshot}, exposition::Format::kText);
  }
  static OnDemandReply Ask(Collector& collector, std::string_view path,
                           std::map<std::string, std::string, std::less<>> params,
                           std::string_view timeout = {}) {
    const auto param = [&](std::string_view name) -> std::string_view {
      const auto found = params.find(name);
      return found == params.end() ? std::string_view() : found->second;
    };
    return collector.on_demand()->Answer({path, param, timeout});
  }

  milliseconds patience_ = seconds(20);  // of a round
  SystemClock clock_;
  net::Network network_{clock_, {.grace = milliseconds(0)}};
  std::unique_ptr<HostFs> fs_ = MakeHostFs({});
  YamlFile file_;
};

TEST_F(ProbeCollectorTest, ARoundTellsOfEveryTargetInBothShapes) {
  net::ScriptedServer server({net::Hang()});
  const std::string up = "127.0.0.1:" + std::to_string(server.port());
  const std::string down = "127.0.0.1:" + std::to_string(net::DeadPort());
  const auto collector =
      Make("targets:\n  - module: tcp_connect\n    service: db\n    targets: ['" + up + "', '" +
           down + "']\n    labels: {team: web}\n");
  ASSERT_TRUE(collector.ok()) << collector.error().message();
  const std::string page = Round(**collector);
  for (const std::string& line : {
           "probe_success{instance=\"" + up + "\",module=\"tcp_connect\",team=\"web\"} 1\n",
           "probe_success{instance=\"" + down + "\",module=\"tcp_connect\",team=\"web\"} 0\n",
           "probe_failure_reason{instance=\"" + down +
               "\",module=\"tcp_connect\",reason=\"connect\",team=\"web\"} 1\n",
           "probe_failures_total{instance=\"" + down +
               "\",module=\"tcp_connect\",reason=\"connect\",team=\"web\"} 1\n",
           "response_time_seconds_count{instance=\"" + up + "\",service=\"db\",team=\"web\"} 1\n",
           "response_time_seconds_count{instance=\"" + down + "\",service=\"db\",team=\"web\"} 0\n",
           "responses_total{code=\"ok\",instance=\"" + up + "\",service=\"db\",team=\"web\"} 1\n",
           "response_errors_total{instance=\"" + down + "\",service=\"db\",team=\"web\"} 1\n",
       }) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
  EXPECT_NE(page.find("quantile=\"0.99\",service=\"db\",team=\"web\",window=\"5m\"}"),
            std::string::npos)
      << page;
}

TEST_F(ProbeCollectorTest, PasswordsOfTargetsAreShownNowhere) {
  const std::string rest = "@127.0.0.1:" + std::to_string(net::DeadPort()) + "/";
  const std::string target = "http://ann:secret" + rest;
  const auto collector = Make("targets: [{module: http_2xx, targets: ['" + target + "']}]\n");
  ASSERT_TRUE(collector.ok()) << collector.error().message();
  std::string all = Round(**collector);
  EXPECT_NE(all.find("instance=\"http://ann:xxxxx" + rest + "\""), std::string::npos) << all;
  all += Ask(**collector, "/probe", {{"target", target}, {"module", "http_2xx"}, {"debug", "true"}})
             .body;
  all += Ask(**collector, "/probes", {}).body;
  all += Ask(**collector, "/logs", {{"id", "1"}}).body;
  EXPECT_NE(all.find("ann:xxxxx"), std::string::npos) << all;
  EXPECT_EQ(all.find("secret"), std::string::npos) << all;
  const auto twice = Make("targets: [{module: http_2xx, targets: ['" + target +
                          "', 'http://ann:other" + rest + "']}]\n");
  EXPECT_NE(twice.error().message().find("ann:xxxxx" + rest + " stands twice"), std::string::npos);
}

/// A module `line`, which expects "ready", and a file of targets, in a folder of their own.
struct LineTargets {
  LineTargets() {
    dir.Write("blackbox.yml",
              "modules: {line: {prober: tcp, tcp: {query_response: [{expect: ready}]}}}");
  }
  void Write(const std::string& text) const { dir.Replace("targets.yml", text); }

  const TempFolder dir;
};

TEST_F(ProbeCollectorTest, TargetsOfAFileComeAndGo) {
  const LineTargets targets;
  const TempFolder& dir = targets.dir;
  net::ScriptedServer server({net::Send("ready\n"), net::Hang()});
  net::ScriptedServer other({net::Send("ready\n"), net::Hang()});
  const std::string stays = "127.0.0.1:" + std::to_string(server.port());
  const std::string goes = "127.0.0.1:" + std::to_string(net::DeadPort());
  const std::string comes = "127.0.0.1:" + std::to_string(other.port());
  const auto labels = [](const std::string& target, const std::string& env) {
    return "{env=\"" + env + "\",instance=\"" + target + "\",module=\"line\",team=\"web\"} ";
  };
  const auto counted = [](const std::string& target, const std::string& env) {
    return "\nresponse_time_seconds_count{env=\"" + env + "\",instance=\"" + target +
           "\",service=\"line\",team=\"web\"} ";
  };
  const auto holds = [](const std::string& page, const std::string& text) {
    return page.find(text) != std::string::npos;
  };
  // An hour: what is probed again within the test was begun anew.
  const auto collector =
      Make("config_file: '" + (dir / "blackbox.yml").string() +
           "'\ntargets: [{module: line, interval: 1h, timeout: 10s, file_sd: ['" +
           (dir / "targets.yml").string() + "'], labels: {team: web, env: none}}]");
  ASSERT_TRUE(collector.ok()) << collector.error().message();
  EXPECT_FALSE(holds(Round(**collector), "probe_success"));  // there is no file yet

  targets.Write("- targets: ['" + stays + "', '" + goes + "', 'no port', '" + stays +
                "']\n  labels: {env: prod, module: x, __meta: y}\n");
  std::string page = Round(**collector);
  EXPECT_TRUE(holds(page, "probe_success" + labels(stays, "prod") + "1\n")) << page;
  EXPECT_TRUE(holds(page, "probe_success" + labels(goes, "prod") + "0\n")) << page;
  EXPECT_TRUE(holds(page, "probe_success" + labels("no port", "prod") + "0\n")) << page;
  EXPECT_TRUE(holds(page, "tocsin_discovery_targets{collector=\"probe\"")) << page;

  targets.Write("- targets: ['" + stays + "']\n  labels: {env: prod}\n- targets: ['" + comes +
                "']\n");
  page = Round(**collector);
  EXPECT_TRUE(holds(page, counted(stays, "prod") + "1\n")) << page;
  EXPECT_TRUE(holds(page, "probe_success" + labels(comes, "none") + "1\n")) << page;
  EXPECT_FALSE(holds(page, goes)) << page;
  EXPECT_FALSE(holds(page, "no port")) << page;

  // The same series twice, whatever the order of labels and whatever an empty one is.
  targets.Write("- targets: ['" + stays + "']\n  labels: {a: x, env: prod}\n- targets: ['" + stays +
                "']\n  labels: {env: prod, b: '', a: x}\n");
  page = Round(**collector);
  EXPECT_TRUE(holds(page, "probe_success{a=\"x\",env=\"prod\"")) << page;

  // Other labels are another target.
  targets.Write("- targets: ['" + stays + "', '" + comes + "']\n");
  page = Round(**collector);
  EXPECT_FALSE(holds(page, counted(stays, "prod"))) << page;
  EXPECT_TRUE(holds(page, counted(stays, "none") + "1\n")) << page;
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(other.connections(), 2);

  std::filesystem::remove(dir / "targets.yml");
  EXPECT_FALSE(holds(Round(**collector), "probe_success"));
}

TEST_F(ProbeCollectorTest, TargetsThatVanishMakeRoomForThoseThatWait) {
  const LineTargets targets;
  const TempFolder& dir = targets.dir;
  // The first never gets its line, and nobody else is probed while it waits.
  net::ScriptedServer hangs({net::Hang()});
  net::ScriptedServer server({net::Send("ready\n"), net::Hang()});
  const std::string first = "127.0.0.1:" + std::to_string(hangs.port());
  const std::string second = "127.0.0.1:" + std::to_string(server.port());
  const auto collector = Make("max_parallel: 1\nconfig_file: '" + (dir / "blackbox.yml").string() +
                              "'\ntargets: [{module: line, interval: 1h, timeout: 1h, file_sd: ['" +
                              (dir / "targets.yml").string() + "']}]");
  ASSERT_TRUE(collector.ok()) << collector.error().message();
  patience_ = milliseconds(20);
  targets.Write("- targets: ['" + first + "', '" + second + "']");
  EXPECT_EQ(Round(**collector).find("probe_success"), std::string::npos);
  patience_ = seconds(60);
  targets.Write("- targets: ['" + second + "', '" + second + "x']");
  const std::string page = Round(**collector);
  EXPECT_NE(page.find("probe_success{instance=\"" + second + "\",module=\"line\"} 1\n"),
            std::string::npos)
      << page;
}

TEST_F(ProbeCollectorTest, AnswersAsBlackboxExporterDoes) {
  net::ScriptedServer server({net::Hang()});
  const std::string up = "127.0.0.1:" + std::to_string(server.port());
  const auto collector = Make("{}");
  ASSERT_TRUE(collector.ok()) << collector.error().message();
  Collector& c = **collector;
  OnDemandReply reply = Ask(c, "/probe", {{"module", "tcp_connect"}, {"target", up}}, "5");
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("\nprobe_success 1\n"), std::string::npos) << reply.body;
  reply = Ask(c, "/probe", {{"module", "zz"}, {"target", up}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "Unknown module \"zz\"\n");
  reply = Ask(c, "/probe", {{"module", "icmp"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "Target parameter is missing\n");
  reply = Ask(c, "/probe", {{"module", "icmp"}, {"target", up}}, "soon");
  EXPECT_EQ(reply.status, 500);
  reply = Ask(c, "/probe", {{"module", "icmp"}, {"target", up}, {"pings", "1000"}});
  EXPECT_EQ(reply.status, 400);
  reply = Ask(c, "/probe", {{"module", "tcp_connect"}, {"target", up}, {"debug", "true"}});
  EXPECT_EQ(reply.body.rfind("Logs for the probe:\n", 0), 0U);
  reply = Ask(c, "/logs", {{"id", "0"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Ask(c, "/logs", {{"id", "77"}}).status, 404);
  EXPECT_EQ(Ask(c, "/logs", {{"id", "x"}}).status, 400);
  EXPECT_NE(Ask(c, "/probes", {}).body.find(up), std::string::npos);
}

TEST_F(ProbeCollectorTest, SettingsSayWhereTheyAreWrong) {
  struct Case {
    const char* settings;
    const char* error;
  };
  const Case cases[] = {
      {"targets: [{module: http_2x, targets: [a]}]", "did you mean http_2xx?"},
      {"targets: [{targets: [a]}]", "\"module\""},
      {"targets: [{module: icmp}]", "\"targets\""},
      {"targets: [{module: icmp, file_sd: [a.txt]}]", ".json, .yml or .yaml"},
      {"targets: [{module: icmp, dns_srv: [a..b]}]", "no domain name"},
      {"targets: [{module: icmp, targets: [a], pings: 0}]", "expected pings from 1 to 100"},
      {"targets: [{module: icmp, targets: [a], interval: 1ms}]", "interval"},
      {"targets: [{module: icmp, targets: [a], labels: {instance: x}}]", "own label"},
      {"targets: [{module: icmp, targets: [a], labels: {1x: x}}]", "no label name"},
      {"targets: [{module: icmp, targets: [a, a]}]", "stands twice"},
      {"config_file: /nonexistent.yml", "/nonexistent.yml"},
      {"modules: {}", "\"modules\""},
  };
  for (const Case& c : cases) {
    const auto made = Make(c.settings);
    ASSERT_FALSE(made.ok()) << c.settings;
    EXPECT_EQ(made.error().message().rfind("tocsin.yml:1:", 0), 0U) << made.error().message();
    EXPECT_NE(made.error().message().find(c.error), std::string::npos) << made.error().message();
  }
}

}  // namespace
}  // namespace tocsin
