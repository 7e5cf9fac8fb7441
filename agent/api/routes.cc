#include "agent/api/routes.h"

#include <string>
#include <utility>

#include "agent/api/acknowledge.h"
#include "agent/api/alertmanager.h"
#include "agent/api/federate.h"
#include "agent/api/history_export.h"
#include "agent/api/landing.h"
#include "agent/api/leaks.h"
#include "agent/api/on_demand.h"
#include "agent/api/pages.h"
#include "agent/api/performance.h"
#include "agent/api/rules.h"
#include "agent/api/scrape_target.h"
#include "agent/api/series.h"
#include "agent/http/wrappers.h"

namespace tocsin::api {
namespace {

/// Requests inside the API at one time; the rest are told to come again.
constexpr int kMaxApiRequests = 16;
/// Likewise of graphs, which are for people.
constexpr int kMaxGraphs = 2;
/// Likewise of targets asked now: each keeps a client's thread until it has answered.
constexpr int kMaxScrapes = 6;
/// Likewise of probes, each of which holds a thread until its target has answered.
constexpr int kMaxProbes = 8;
constexpr milliseconds kLongestDiagnosis = seconds(10);

using http::Handler;
using http::Request;
using http::Response;

class Routes {
 public:
  Routes(const Parts& parts, http::Router& router) : parts_(parts), router_(router) {}

  /// A path under /api/v1, by GET and, where forms may be long, by POST.
  void Api(std::string path, Handler handler) {
    Wrapped("/api/v1/" + path, {"GET", "POST"}, std::move(handler));
  }
  /// A path of any API, with OPTIONS besides; one that ends in '/' stands for all below it.
  void Wrapped(std::string path, std::vector<std::string_view> methods, Handler handler) {
    methods.emplace_back("OPTIONS");
    Handler wrapped = http::CrossOrigin(
        http::Compressed(http::Limited(std::move(handler), kMaxApiRequests)), parts_.cors_origin);
    if (path.ends_with('/')) {
      router_.AddPrefix(std::move(path), std::move(methods), std::move(wrapped));
    } else {
      router_.Add(std::move(path), std::move(methods), std::move(wrapped));
    }
  }
  void Plain(std::string path, std::vector<std::string_view> methods, Handler handler) {
    router_.Add(std::move(path), std::move(methods), std::move(handler));
  }

 private:
  const Parts& parts_;
  http::Router& router_;
};

void AddQueries(const Parts& p, Routes& routes) {
  routes.Api("query", [p](const Request& r) { return p.query.Instant(r, p.settings()->query); });
  routes.Api("query_range", [p](const Request& r) {
    return p.query.Range(r, p.settings()->query, p.range_cache);
  });
  routes.Api("query_exemplars", &Exemplars);
  routes.Api("format_query", &FormatQuery);
  routes.Api("parse_query", &ParseQuery);
  routes.Api("labels", [p](const Request& r) { return LabelNames(p.store, r); });
  routes.Api("series", [p](const Request& r) { return Series(p.store, r); });
  routes.Wrapped("/api/v1/label/", {"GET"},
                 [p](const Request& r) { return LabelValues(p.store, r); });
}

void AddStatus(const Parts& p, Routes& routes) {
  routes.Api("metadata", [p](const Request& r) { return Metadata(p.board.Read(), r); });
  routes.Api("targets", [p](const Request& r) {
    const auto settings = p.settings();
    return Targets(p.collectors.Running(), settings->metrics_url, settings->target_labels, r);
  });
  routes.Api("rules", [p](const Request& r) { return Rules(p.rules.View(), r); });
  routes.Api("alerts", [p](const Request&) { return Alerts(p.rules.View()); });
  routes.Api("leaks", [p](const Request& r) { return Leaks(p.rules.Leaks(), p.clock.Wall(), r); });
  routes.Api("status/buildinfo",
             [p](const Request&) { return BuildInfo(p.settings()->compat_v2); });
  routes.Api("status/config", [p](const Request&) { return Config(p.settings()->config); });
  routes.Api("status/runtimeinfo",
             [p](const Request&) { return Runtime(p.settings()->runtime, p.store.Stats()); });
  routes.Api("status/tsdb", [p](const Request& r) { return Tsdb(p.store, r); });
}

void AddAcknowledging(const Parts& p, Routes& routes) {
  routes.Api("acknowledgements",
             [p](const Request& r) { return Acknowledgements(p.notifications, r); });
  routes.Plain("/acknowledge", {"GET", "POST"}, [p](const Request& r) {
    return AcknowledgePage(p.notifications, p.clock.Wall(), r);
  });
}

void AddProbes(const Parts& p, Routes& routes) {
  const auto ask = [p](const Request& r) { return AskCollector(p.collectors, "probe", r); };
  routes.Plain("/probe", {"GET"}, http::Limited(ask, kMaxProbes));
  routes.Plain("/probes", {"GET"}, ask);
  routes.Plain("/logs", {"GET"}, ask);
}

/// Alertmanager's API v2.
void AddAlertmanager(const Parts& p, Routes& routes) {
  const auto add = [&](std::string path, std::vector<std::string_view> methods, Handler handler) {
    routes.Wrapped(std::move(path), std::move(methods), std::move(handler));
  };
  add("/api/v2/status", {"GET"}, [p](const Request&) {
    const auto settings = p.settings();
    return AmStatus(ConfigText(settings->config), settings->runtime.started);
  });
  add("/api/v2/receivers", {"GET"}, [p](const Request&) { return AmReceivers(p.notifications); });
  add("/api/v2/silences", {"GET", "POST"},
      [p](const Request& r) { return AmSilences(p.notifications, p.clock.Wall(), r); });
  add("/api/v2/silence/", {"GET", "DELETE"},
      [p](const Request& r) { return AmSilence(p.notifications, p.clock.Wall(), r); });
  add("/api/v2/alerts", {"GET"}, [p](const Request& r) { return AmAlerts(p.notifications, r); });
  add("/api/v2/alerts/groups", {"GET"},
      [p](const Request& r) { return AmGroups(p.notifications, r); });
}

/// Questions about the host's state, over its own rules and store.
void AddPerformance(const Parts& p, Routes& routes) {
  const auto view = [p] {
    const auto settings = p.settings();
    promql::EngineOptions engine = settings->query.engine;
    engine.deadline = p.clock.Mono() + std::min(settings->query.timeout, kLongestDiagnosis);
    return PerformanceView{p.storage, engine, p.clock.Wall(), p.rules.View(),
                           std::string(settings->target_labels.Get("instance"))};
  };
  const auto add = [&](const std::string& path, Response (*answer)(const PerformanceView&)) {
    routes.Wrapped("/api/performance/" + path, {"GET"},
                   [view, answer](const Request&) { return answer(view()); });
  };
  add("overview", &PerformanceOverview);
  add("metrics", &PerformanceMetrics);
  add("alerts", &PerformanceAlerts);
  add("bottlenecks", &PerformanceBottlenecks);
  add("recommendations", &PerformanceRecommendations);
  add("health", &PerformanceHealth);
  add("doctor", &PerformanceDoctor);
  routes.Wrapped("/api/performance/metrics/", {"GET"},
                 [view](const Request& r) { return PerformanceMetric(view(), r); });
  routes.Wrapped("/api/performance/export", {"GET"},
                 [p](const Request& r) { return ExportHistory(p.storage, p.clock.Wall(), r); });
}

/// OTLP over HTTP, at its own path and at Prometheus's.
void AddPushing(const Parts& p, Routes& routes) {
  const Handler push = http::Limited(
      [p](const Request& r) {
        net::PushReply reply = p.network.inlets().Push(
            "/v1/metrics", {r.Header("content-type"), r.Header("content-encoding"), r.body});
        Response response;
        response.status = reply.status;
        response.content_type = std::move(reply.content_type);
        response.body = std::move(reply.body);
        return response;
      },
      kMaxApiRequests);
  for (const char* path : {"/v1/metrics", "/api/v1/otlp/v1/metrics"}) {
    routes.Plain(path, {"POST"}, push);
  }
}

Response Reload(const Parts& p) {
  const Status reloaded = p.reload();
  if (reloaded) return http::TextResponse(200, "reloaded");
  return http::TextResponse(500, "not reloaded, nothing changed: " + reloaded.error().message());
}

void AddAgent(const Parts& p, Routes& routes) {
  if (p.telemetry_path != "/") {
    routes.Plain("/", {"GET"}, [p](const Request&) { return LandingPage(p.telemetry_path); });
  }
  routes.Plain(p.telemetry_path, {"GET"}, http::MetricsHandler(p.page));
  routes.Plain("/alerts", {"GET"},
               [p](const Request&) { return AlertsPage(p.rules.View(), p.clock.Wall()); });
  routes.Plain(
      "/graph", {"GET"},
      http::Limited(
          [p](const Request& r) { return GraphPage(p.storage, p.clock, p.settings()->query, r); },
          kMaxGraphs));
  routes.Plain("/federate", {"GET"}, http::Compressed([p](const Request& r) {
                 const auto settings = p.settings();
                 return Federate(p.store, settings->external_labels, p.clock.Wall(),
                                 milliseconds(settings->query.engine.lookback_ms), r);
               }));
  routes.Plain(
      "/scrape", {"GET"},
      http::Compressed(http::Limited(
          [p](const Request& r) { return ScrapeTarget(p.network, p.clock, r); }, kMaxScrapes)));
  routes.Plain("/-/healthy", {"GET"},
               [](const Request&) { return http::TextResponse(200, "healthy"); });
  routes.Plain("/-/ready", {"GET"},
               [](const Request&) { return http::TextResponse(200, "ready"); });
  routes.Plain("/-/reload", {"POST", "PUT"}, [p](const Request&) { return Reload(p); });
}

}  // namespace

void AddRoutes(const Parts& parts, http::Router& router) {
  Routes routes(parts, router);
  AddAgent(parts, routes);
  AddQueries(parts, routes);
  AddStatus(parts, routes);
  AddAcknowledging(parts, routes);
  AddProbes(parts, routes);
  AddAlertmanager(parts, routes);
  AddPerformance(parts, routes);
  AddPushing(parts, routes);
}

}  // namespace tocsin::api
