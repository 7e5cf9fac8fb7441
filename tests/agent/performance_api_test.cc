#include <gtest/gtest.h>
#include <simdjson.h>

#include "agent/api/history_export.h"
#include "agent/api/performance.h"
#include "agent/commands/doctor.h"
#include "base/file.h"
#include "rules/history.h"

namespace tocsin::api {
namespace {

using simdjson::dom::element;

std::string HostText(const std::string& name) {
  return *ReadWholeFile(std::string(TOCSIN_SOURCE_DIR) + "/tests/performance/hosts/" + name + ".om",
                        std::size_t{1} << 24);
}

struct World {
  explicit World(const std::string& host) {
    end_ms = LoadOpenMetrics(HostText(host), host, {}, store)->last_ms;
  }
  PerformanceView View() const { return {store, {}, FromMillis(end_ms), {}, "web1"}; }
  /// The `data` of an answer that succeeded.
  element Data(const http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    element root;
    EXPECT_EQ(parser.parse(response.body).get(root), simdjson::SUCCESS) << response.body;
    return root["data"].value();
  }
  http::Response Metric(std::string_view path, std::string_view query = "") const {
    http::Request request{};
    request.method = "GET";
    request.path = path;
    request.query = query;
    return PerformanceMetric(View(), request);
  }
  http::Response Export(std::string_view query) const {
    http::Request request{};
    request.method = "GET";
    request.path = "/api/performance/export";
    request.query = query;
    return ExportHistory(store, FromMillis(end_ms), request);
  }
  MemoryStore store;
  std::int64_t end_ms = 0;
  simdjson::dom::parser parser;
};

TEST(PerformanceApiTest, TellsTheStateOfTheHost) {
  World world("disk_saturated");
  const element overview = world.Data(PerformanceOverview(world.View()));
  EXPECT_EQ(std::string_view(overview["host"]), "web1");
  EXPECT_EQ(std::string_view(overview["health"]), "critical");
  EXPECT_EQ(std::string_view(overview["resources"].at(0)["resource"]), "disk");
  EXPECT_EQ(std::string_view(overview["values"].at(0)["name"]), "cpu_utilisation");

  const element ranked = world.Data(PerformanceBottlenecks(world.View()));
  const element worst = ranked["bottlenecks"].at(0);
  EXPECT_EQ(std::string_view(worst["subject"]), "sda");
  EXPECT_EQ(std::string_view(worst["evidence"].at(0)["name"]), "disk_queue");
  EXPECT_EQ(std::string_view(worst["evidence"].at(0)["trend"]["direction"]), "rising");
  EXPECT_EQ(std::string_view(worst["most_used_by"].at(0)["name"]), "borg");
  EXPECT_TRUE(worst["cause"].is_null());

  const element advice = world.Data(PerformanceRecommendations(world.View()));
  EXPECT_EQ(std::string_view(advice["recommendations"].at(0)["about"]), "disk sda");
  const element health = world.Data(PerformanceHealth(world.View()));
  EXPECT_NE(std::string_view(health["because"].at(0)).find("disk sda: operations queued"),
            std::string_view::npos);
  EXPECT_EQ(PerformanceDoctor(world.View()).body.rfind("web1, 2023-11-14", 0), 0U);
}

TEST(PerformanceApiTest, TellsAlerts) {
  World world("quiet");
  PerformanceView view = world.View();
  view.groups.resize(1);
  view.groups[0].rules.resize(1);
  RuleView& rule = view.groups[0].rules[0];
  rule.name = "Full";
  rule.alerts.resize(1);
  rule.alerts[0].state = AlertState::kFiring;
  rule.alerts[0].severity = Severity::kWarning;
  rule.alerts[0].labels = Labels{{"severity", "warning"}};
  const element alerts = world.Data(PerformanceAlerts(view));
  EXPECT_EQ(std::string_view(alerts["alerts"].at(0)["severity"]), "warning");
  const element overview = world.Data(PerformanceOverview(view));
  EXPECT_EQ(std::string_view(overview["health"]), "warning");
  EXPECT_EQ(std::int64_t(overview["alerts"]["firing"]), 1);
}

TEST(PerformanceApiTest, TellsOneMetric) {
  World world("disk_saturated");
  const element all = world.Data(PerformanceMetrics(world.View()));
  EXPECT_GT(all["metrics"].get_array().value().size(), 25U);
  const std::string base = "/api/performance/metrics/";
  const element vital = world.Data(world.Metric(base + "disk_queue", "step=30"));
  EXPECT_EQ(std::string_view(vital["series"].at(0)["subject"]), "sda");
  const element metric = world.Data(world.Metric(base + "node_procs_running"));
  EXPECT_EQ(double(metric["series"].at(0)["value"]), 1);
  for (const char* unknown : {"nothing_of_that_name", "no name", "", "a{b=\"c\"}"}) {
    EXPECT_EQ(world.Metric(base + unknown).status, 404) << unknown;
  }
  for (const char* bad : {"step=0", "step=x", "start=2&end=1", "start=x", "start=0&step=1"}) {
    EXPECT_EQ(world.Metric(base + "disk_queue", bad).status, 400) << bad;
  }
}

TEST(HistoryExportTest, WhatIsExportedIsDiagnosedTheSame) {
  for (const char* host : {"memory_pressure", "network_drops", "quiet"}) {
    World world(host);
    const http::Response exported = world.Export("");
    ASSERT_EQ(exported.status, 200);
    const auto again = DiagnoseHistory(exported.body, "h", std::nullopt);
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(*again, *DiagnoseHistory(HostText(host), "h", std::nullopt)) << host;
  }
}

TEST(HistoryExportTest, SelectsThinsAndRefuses) {
  World world("quiet");
  const std::string text = world.Export("match[]=node_procs_running&step=60").body;
  EXPECT_EQ(text.rfind("# TYPE node_procs_running unknown\nnode_procs_running 1 17000000", 0), 0U)
      << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 4 + 1);
  EXPECT_TRUE(text.ends_with("# EOF\n"));
  const element data = world.Data(world.Export("match[]=node_procs_running&format=json"));
  EXPECT_EQ(data["result"].at(0)["values"].get_array().value().size(), 7U);
  EXPECT_EQ(world.Export("match[]=absent").body, "# EOF\n");
  for (const char* bad : {"format=xml", "match[]={", "step=x", "step=-1", "start=2&end=1"}) {
    EXPECT_EQ(world.Export(bad).status, 400) << bad;
  }
}

TEST(DoctorTest, RefusesWhatIsNoHistory) {
  EXPECT_FALSE(DiagnoseHistory("no metrics at all", "h", std::nullopt).ok());
  EXPECT_FALSE(DiagnoseHistory(HostText("quiet"), "h", "yesterday").ok());
}

}  // namespace
}  // namespace tocsin::api
