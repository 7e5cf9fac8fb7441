// Exporters and JSON services, well behaved or not.

#include <map>
#include <thread>

#include "collectors/plugin/plugins.h"
#include "tests/base/temp_folder.h"
#include "tests/collectors/plugin/round.h"
#include "tests/notify/loopback_server.h"

namespace tocsin {
namespace {

using notify::LoopbackServer;
using Source = CollectorUnderTest;

std::string Http(const std::string& body, const std::string& headers = "",
                 const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status +
         "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

std::string HostOf(const LoopbackServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

std::string Scrape(const LoopbackServer& server, const std::string& more = "") {
  return "jobs:\n- job_name: j\n  targets: ['" + HostOf(server) + "']\n" + more;
}

TEST(ScrapeTest, AsPrometheusDoes) {
  std::string request;
  const LoopbackServer server([&](LoopbackServer::Connection& c) {
    request = c.request;
    c.Send(Http(
        "# TYPE a counter\n# HELP a Help.\na_total{job=\"theirs\"} 5\na_created{job=\"theirs\"} 1\n"
        "# TYPE go_x gauge\ngo_x 1\n# EOF\n",
        "Content-Type: application/openmetrics-text; version=1.0.0\r\n"));
  });
  Source scrape(
      kScrapeCollector,
      Scrape(server, "  metrics_path: /m\n  params: { 'a b': [x, 'y&z'] }\n  headers_are: no\n"));
  EXPECT_NE(scrape.error().find("headers_are"), std::string::npos);
  Source good(kScrapeCollector,
              Scrape(server,
                     "  metrics_path: /m\n  params: { 'a b': [x, 'y&z'] }\n"
                     "  metric_relabel_configs: [ { source_labels: [__name__], regex: 'go_.*', "
                     "action: drop } ]\n"));
  ASSERT_EQ(good.error(), "");
  const std::string page = good.Round();
  const std::string labels = "{instance=\"" + HostOf(server) + "\",job=\"j\"}";
  EXPECT_EQ(request.substr(0, request.find('\r')), "GET /m?a%20b=x&a%20b=y%26z HTTP/1.1");
  EXPECT_NE(request.find("X-Prometheus-Scrape-Timeout-Seconds: 10\r\n"), std::string::npos);
  EXPECT_NE(request.find("Accept: application/openmetrics-text"), std::string::npos);
  EXPECT_EQ(ValueOf(page, "a_total{exported_job=\"theirs\",instance=\"" + HostOf(server) +
                              "\",job=\"j\"}"),
            "5")
      << page;
  EXPECT_EQ(ValueOf(page, "up" + labels), "1");
  EXPECT_EQ(ValueOf(page, "scrape_samples_scraped" + labels), "3");
  EXPECT_EQ(ValueOf(page, "scrape_samples_post_metric_relabeling" + labels), "2");
  EXPECT_EQ(ValueOf(page, "scrape_series_added" + labels), "2");
  EXPECT_NE(ValueOf(page, "scrape_duration_seconds" + labels), "absent");
  EXPECT_EQ(ValueOf(good.Round(), "scrape_series_added" + labels), "0");
}

TEST(ScrapeTest, BadAnswersAreUpZeroWithAReason) {
  const std::string good = "good 1\n";
  const struct {
    const char* what;
    std::string answer;
    const char* more;
    const char* reason;
  } kCases[] = {
      {"a status", Http(good, "", "500 Oops"), "", "status"},
      {"authentication", Http(good, "", "401 No"), "", "auth"},
      {"garbage", Http("<html>not found</html>"), "", "content"},
      {"binary", Http(good + std::string("\0\1\2\xff\n", 5)), "", "content"},
      {"a body over the limit", Http(std::string(5'000, '#')), "  body_size_limit: 1KB\n",
       "too_large"},
      {"samples over the limit", Http("good 1\nbetter 2\n"), "  sample_limit: 1\n", "too_large"},
      {"a redirect loop", Http("", "Location: /again\r\n", "302 Found"), "", "redirect"},
      {"a redirect to a file", Http("", "Location: file:///etc/passwd\r\n", "302 Found"), "",
       "redirect"},
      {"a redirect not wanted", Http("", "Location: /x\r\n", "302 Found"),
       "  follow_redirects: false\n", "status"},
      {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ngood 1\n", "", "closed"},
      {"no HTTP", "220 mail.example.org ESMTP\r\n", "", "protocol"},
  };
  for (const auto& c : kCases) {
    const LoopbackServer server(
        [&](LoopbackServer::Connection& connection) { connection.Send(c.answer); });
    Source scrape(kScrapeCollector, Scrape(server, c.more));
    ASSERT_EQ(scrape.error(), "") << c.what;
    const std::string page = scrape.Round();
    EXPECT_EQ(ValueOf(page, "up{instance=\"" + HostOf(server) + "\",job=\"j\"}"), "0")
        << c.what << "\n"
        << page;
    EXPECT_EQ(Failures(page, "scrape", c.reason, "j/" + HostOf(server) + "/metrics"), "1")
        << c.what << "\n"
        << page;
    EXPECT_EQ(page.find("good"), std::string::npos) << c.what;
  }
}

TEST(ScrapeTest, ADeadAndASlowTargetCostTheirOwnData) {
  const LoopbackServer hanging([](LoopbackServer::Connection& c) { c.Hang(); });
  const LoopbackServer dripping([](LoopbackServer::Connection& c) {
    c.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (!c.stopping() && c.Send("#")) std::this_thread::sleep_for(milliseconds(10));
  });
  const LoopbackServer live([](LoopbackServer::Connection& c) { c.Send(Http("good 1\n")); });
  Source scrape(kScrapeCollector, "jobs: [ { job_name: j, scrape_timeout: 1500ms, targets: ['" +
                                      HostOf(hanging) + "', '127.0.0.1:1', '" + HostOf(dripping) +
                                      "', '" + HostOf(live) + "'] } ]");
  const std::string page = scrape.Round();
  EXPECT_EQ(ValueOf(page, "good{instance=\"" + HostOf(live) + "\",job=\"j\"}"), "1") << page;
  EXPECT_EQ(Failures(page, "scrape", "timeout", "j/" + HostOf(hanging) + "/metrics"), "1");
  EXPECT_EQ(Failures(page, "scrape", "timeout", "j/" + HostOf(dripping) + "/metrics"), "1");
  EXPECT_EQ(Failures(page, "scrape", "connect", "j/127.0.0.1:1/metrics"), "1");
}

TEST(ScrapeTest, CredentialsDoNotFollowARedirectElsewhere) {
  std::string elsewhere_request;
  const LoopbackServer elsewhere([&](LoopbackServer::Connection& c) {
    elsewhere_request = c.request;
    c.Send(Http("good 1\n"));
  });
  std::string request;
  const LoopbackServer server([&](LoopbackServer::Connection& c) {
    request = c.request;
    c.Send(Http("", "Location: " + elsewhere.url() + "/m\r\n", "302 Found"));
  });
  ::setenv("TOCSIN_TEST_TOKEN", "secret", 1);
  Source scrape(kScrapeCollector,
                Scrape(server, "  authorization: { credentials: '${TOCSIN_TEST_TOKEN}' }\n"));
  ASSERT_EQ(scrape.error(), "");
  EXPECT_EQ(ValueOf(scrape.Round(), "good{instance=\"" + HostOf(server) + "\",job=\"j\"}"), "1");
  EXPECT_NE(request.find("Authorization: Bearer secret"), std::string::npos);
  EXPECT_EQ(elsewhere_request.find("Authorization"), std::string::npos) << elsewhere_request;
}

TEST(ScrapeTest, TwoTargetsThatDisagreeAboutAHelpKeepTheLayout) {
  const LoopbackServer one([](LoopbackServer::Connection& c) {
    c.Send(Http("# HELP a One.\n# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n"));
  });
  const LoopbackServer two([](LoopbackServer::Connection& c) {
    c.Send(Http("# HELP a Two.\n# TYPE a gauge\na 1\n# TYPE b counter\nb 1\n"));
  });
  Source scrape(kScrapeCollector, "jobs: [ { job_name: j, targets: ['" + HostOf(one) + "', '" +
                                      HostOf(two) + "'] } ]");
  const std::string page = scrape.Round();
  EXPECT_EQ(ValueOf(page, "a{instance=\"" + HostOf(two) + "\",job=\"j\"}"), "1") << page;
  // A type that clashes is left out and counted.
  EXPECT_EQ(ValueOf(page, "b{instance=\"" + HostOf(two) + "\",job=\"j\"}"), "absent");
  scrape.Round();
  const auto layout = scrape.layout();
  scrape.Round();
  EXPECT_EQ(scrape.layout(), layout);
}

std::string Json(const LoopbackServer& server, const std::string& more) {
  return "sources:\n- name: app\n  url: " + server.url() + "/stats\n" + more;
}

TEST(HttpJsonTest, ADocumentBecomesSeries) {
  std::string request;
  const LoopbackServer server([&](LoopbackServer::Connection& c) {
    request = c.request;
    c.Send(Http(R"({"status":"success","cache_stats":{"hits":1250,"misses":340,"size":42,)"
                R"("evictions":12,"hit_rate_percent":78.6}})"));
  });
  Source json(kHttpJsonCollector,
              Json(server,
                   "  method: POST\n  body: '{\"q\":1}'\n  headers: { X-Tenant: t }\n"
                   "  labels: { cache: app }\n  metrics_file: http_json/cache_stats.yml\n"),
              TOCSIN_SOURCE_DIR "/config/tocsin.yml");
  ASSERT_EQ(json.error(), "");
  const std::string page = json.Round();
  const std::string labels = "{cache=\"app\",instance=\"" + HostOf(server) + "\"}";
  EXPECT_EQ(ValueOf(page, "cache_hits_total" + labels), "1250") << page;
  EXPECT_EQ(ValueOf(page, "cache_hit_ratio" + labels), "0.786");
  EXPECT_EQ(ValueOf(page, "cache_entries" + labels), "42");
  EXPECT_NE(page.find("# TYPE cache_hits_total counter\n"), std::string::npos);
  EXPECT_TRUE(request.starts_with("POST /stats HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("X-Tenant: t\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("{\"q\":1}")) << request;
}

TEST(HttpJsonTest, BadAnswers) {
  const struct {
    const char* what;
    std::string answer;
    const char* reason;
  } kCases[] = {
      {"no JSON", Http("<html></html>"), "content"},
      {"nothing of it", Http("{\"b\":1}"), "content"},
      {"a wrong type", Http("{\"a\":[1]}"), "content"},
      {"deep", Http(std::string(50'000, '[')), "content"},
      {"huge", Http("{\"a\":1," + std::string(3'000, ' ') + "\"b\":2}"), "too_large"},
      {"a status", Http("{\"a\":1}", "", "503 Later"), "status"},
      {"forbidden", Http("{\"a\":1}", "", "403 No"), "auth"},
  };
  for (const auto& c : kCases) {
    const LoopbackServer server(
        [&](LoopbackServer::Connection& connection) { connection.Send(c.answer); });
    Source json(
        kHttpJsonCollector,
        Json(server, "  metrics: [ { name: a, path: /a } ]\n  max_bytes: " +
                         std::string(c.reason == std::string("too_large") ? "2KB" : "1MB") + "\n"));
    ASSERT_EQ(json.error(), "") << c.what;
    const std::string page = json.Round();
    EXPECT_EQ(Failures(page, "http_json", c.reason, "app"), "1") << c.what << "\n" << page;
    EXPECT_EQ(page.find("\na{"), std::string::npos) << c.what;
  }
}

TEST(HttpJsonTest, BadSettings) {
  const struct {
    const char* settings;
    const char* error;
  } kCases[] = {
      {"sources: [ { name: a, url: 'http://h/', metrics: [ { name: a, path: b } ] } ]",
       "JSON pointer"},
      {"sources: [ { name: a, metrics: [ { name: a, path: /b } ] } ]", "either url or targets"},
      {"sources: [ { name: a, url: 'ftp://h/', metrics: [ { name: a, path: /b } ] } ]", "http"},
      {"sources: [ { name: a, url: 'http://h/' } ]", "metrics or metrics_file"},
      {"sources: [ { name: a, url: 'http://h/', metrics_file: /no/such } ]", "/no/such"},
      {"sources: [ { name: a, url: 'http://u:p@h/', metrics: [ { name: a, path: /b } ] } ]",
       "basic_auth"},
  };
  for (const auto& c : kCases) {
    const Source json(kHttpJsonCollector, c.settings);
    EXPECT_NE(json.error().find(c.error), std::string::npos) << c.settings << ": " << json.error();
  }
}

TEST(ScrapeTest, AChangedTargetFileIsPickedUp) {
  const TempFolder dir;
  const LoopbackServer one([](LoopbackServer::Connection& c) { c.Send(Http("one 1\n")); });
  const LoopbackServer two([](LoopbackServer::Connection& c) { c.Send(Http("two 1\n")); });
  dir.Replace("t.json", "[{\"targets\":[\"" + HostOf(one) + "\"],\"labels\":{\"env\":\"x\"}}]");
  Source scrape(kScrapeCollector, "jobs: [ { job_name: j, file_sd: [t.json] } ]",
                (dir / "settings.yml").string());
  ASSERT_EQ(scrape.error(), "");
  EXPECT_NE(scrape.Round().find("\none{env=\"x\",instance"), std::string::npos);
  dir.Replace("t.json", "[{\"targets\":[\"" + HostOf(two) + "\"]}]");
  const std::string page = scrape.Round();
  EXPECT_EQ(page.find("\none"), std::string::npos);
  EXPECT_NE(page.find("\ntwo{instance"), std::string::npos) << page;
}

}  // namespace
}  // namespace tocsin
