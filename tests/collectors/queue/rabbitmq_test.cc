// The collector rabbitmq against a management API that misbehaves by script.

#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/queue/target_run.h"

namespace tocsin {
namespace {

using net::Act;
using net::Expect;
using net::Send;

Act Answer(const std::string& body, const std::string& status = "200 OK") {
  return Send("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
}

const std::string kOverview = R"({"object_totals":{"queues":3}})";

std::string Settings(const net::ScriptedServer& server, const std::string& more = "") {
  return "servers:\n  - { targets: ['127.0.0.1:" + std::to_string(server.port()) + "']" + more +
         " }\n";
}

TEST(RabbitmqTest, AllPagesAreRead) {
  net::ScriptedServer server(
      {Expect("GET /api/overview"), Answer(kOverview), Expect("GET /api/nodes"), Answer("[]"),
       Expect("/api/queues?page=1&page_size=500&columns=name,vhost,state,messages"),
       Answer(R"({"page_count":2,"items":[{"name":"a","vhost":"/","messages":1}]})"),
       Expect("/api/queues?page=2&"),
       Answer(R"({"page_count":2,"items":[{"name":"b","vhost":"/","messages":2}]})")});
  CollectorRun run("rabbitmq", Settings(server));
  const std::string page = run.Round();
  const std::string instance = "{instance=\"127.0.0.1:" + std::to_string(server.port()) + "\"";
  EXPECT_EQ(ValueOf(page, "rabbitmq_up" + instance + "}"), "1") << page;
  EXPECT_EQ(ValueOf(page, "queue_depth" + instance + ",queue=\"a\"}"), "1");
  EXPECT_EQ(ValueOf(page, "queue_depth" + instance + ",queue=\"b\"}"), "2");
  EXPECT_EQ(ValueOf(page, "rabbitmq_queues" + instance + "}"), "3");
}

TEST(RabbitmqTest, QueuesThatGoBetweenTwoPagesAreNoFailure) {
  net::ScriptedServer server(
      {Expect("GET /api/overview"), Answer(kOverview), Expect("GET /api/nodes"), Answer("[]"),
       Expect("/api/queues?page=1&"),
       Answer(R"({"page_count":2,"items":[{"name":"a","vhost":"/","messages":1}]})"),
       Expect("/api/queues?page=2&"),
       Answer(R"({"error":"page_out_of_range","reason":"page: 2, len: 1"})", "400 Bad Request")});
  CollectorRun run("rabbitmq", Settings(server));
  const std::string page = run.Round();
  const std::string instance = "{instance=\"127.0.0.1:" + std::to_string(server.port()) + "\"";
  EXPECT_EQ(ValueOf(page, "rabbitmq_up" + instance + "}"), "1") << page;
  EXPECT_EQ(ValueOf(page, "queue_depth" + instance + ",queue=\"a\"}"), "1");
}

TEST(RabbitmqTest, WhatGoesWrongHasAReason) {
  const std::string later = "GET /api/nodes";
  const std::vector<std::pair<std::vector<Act>, std::string>> cases{
      {{Expect("GET /api/overview"), Answer("{}", "401 Unauthorized")}, "auth"},
      {{Expect("GET /api/overview"), Answer("{}", "500 Oops")}, "status"},
      {{Expect("GET /api/overview"),
        Send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")},
       "redirect"},
      {{Expect("GET /api/overview"), Answer("<html>")}, "content"},
      {{Expect("GET /api/overview"), Answer(kOverview), Expect(later), Answer("7")}, "content"},
      {{Expect("GET /api/overview"), Answer(kOverview), Expect(later), Answer("[]"),
        Expect("GET /api/queues"), Answer(R"({"page_count":1})")},
       "content"},
      {{Expect("GET /api/overview"), Answer(std::string(5 << 20, ' '))}, "too_large"},
  };
  for (const auto& [script, reason] : cases) {
    net::ScriptedServer server(script);
    CollectorRun run("rabbitmq", Settings(server));
    const std::string page = run.Round();
    EXPECT_EQ(FailureReasons(page), reason) << page;
    EXPECT_NE(page.find("\nrabbitmq_up{"), std::string::npos);
    EXPECT_EQ(page.find("rabbitmq_queues{"), std::string::npos) << "of a round that failed";
  }
}

}  // namespace
}  // namespace tocsin
