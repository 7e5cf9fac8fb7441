#include "collectors/net/http.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

#include "collectors/net/network.h"
#include "tests/collectors/net/on_loop.h"
#include "tests/collectors/net/scripted_server.h"

namespace tocsin::net {
namespace {

constexpr const char* kRequestEnd = "\r\n\r\n";

std::string Ok(const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

class HttpTest : public testing::Test {
 protected:
  static HttpCall Get(const std::string& url) {
    HttpCall call;
    call.request.method = "GET";
    call.request.url = url;
    call.request.limits.max_answer_bytes = 1'000;
    return call;
  }
  HttpOutcome Run(HttpCall call) {
    std::promise<HttpOutcome> done;
    OnLoop(network_.loop(), [&] {
      network_.http().Start(std::move(call),
                            [&](HttpOutcome outcome) { done.set_value(std::move(outcome)); });
    });
    return done.get_future().get();
  }

  SystemClock clock_;
  Network network_{clock_};
};

TEST_F(HttpTest, AnAnswerComesWithStatusHeadersAndBody) {
  ScriptedServer server({Expect(kRequestEnd), Drip(Ok("hello", "X-Thing: a b\r\n")), Again()});
  HttpCall call = Get(server.Url() + "/path?q=1");
  call.request.headers.push_back({"X-Mine", "yes"});
  const HttpOutcome outcome = Run(call);
  ASSERT_FALSE(outcome.failure.has_value()) << outcome.failure->message;
  EXPECT_EQ(outcome.reply.status, 200);
  EXPECT_EQ(outcome.reply.version, "1.1");
  EXPECT_EQ(outcome.reply.body, "hello");
  EXPECT_EQ(outcome.reply.content_length, 5);
  EXPECT_EQ(outcome.reply.ip, "127.0.0.1");
  ASSERT_NE(outcome.reply.Header("x-thing"), nullptr);
  EXPECT_EQ(*outcome.reply.Header("x-thing"), "a b");
  EXPECT_GT(outcome.reply.phases.connect.count(), 0);
  const std::string sent = server.received();
  EXPECT_TRUE(sent.starts_with("GET /path?q=1 HTTP/1.1\r\n")) << sent;
  EXPECT_NE(sent.find("X-Mine: yes\r\n"), std::string::npos) << sent;
}

TEST_F(HttpTest, ConnectionsAreUsedAgainUnlessAFreshOneIsWanted) {
  ScriptedServer server({Expect(kRequestEnd), Send(Ok("x")), Again()});
  HttpCall call = Get(server.Url());
  EXPECT_FALSE(Run(call).failure.has_value());
  const HttpOutcome again = Run(call);
  EXPECT_EQ(again.reply.phases.connect.count(), 0);
  EXPECT_EQ(server.connections(), 1);
  call.fresh_connection = true;
  EXPECT_FALSE(Run(call).failure.has_value());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpTest, EveryWayToFailHasItsReason) {
  struct Case {
    std::vector<Act> script;
    Reason reason;
  };
  const std::string huge(2'000, 'x');
  const std::vector<Case> cases{
      {{Expect(kRequestEnd)}, Reason::kClosed},
      {{Expect(kRequestEnd), Reset()}, Reason::kClosed},
      {{Expect(kRequestEnd), Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")},
       Reason::kClosed},
      {{Expect(kRequestEnd), Send(Ok(huge)), Hang()}, Reason::kTooLarge},
      {{Expect(kRequestEnd), Send("HTTP/1.1 200 OK\r\n\r\n"), Endless(huge)}, Reason::kTooLarge},
      {{Expect(kRequestEnd), Send("HTTP/1.1 200 OK\r\n"), Endless("A: " + huge + "\r\n")},
       Reason::kTooLarge},
      {{Expect(kRequestEnd), Send("*1\r\nthis is no HTTP\r\n"), Hang()}, Reason::kProtocol},
      {{Expect(kRequestEnd), Hang()}, Reason::kTimeout},
  };
  for (const Case& c : cases) {
    ScriptedServer server(c.script);
    HttpCall call = Get(server.Url());
    if (c.reason == Reason::kTimeout) call.request.limits.total_timeout = milliseconds(50);
    const HttpOutcome outcome = Run(call);
    ASSERT_TRUE(outcome.failure.has_value());
    EXPECT_EQ(ReasonText(outcome.failure->reason), ReasonText(c.reason))
        << outcome.failure->message;
    EXPECT_LE(outcome.reply.body.size(), 1'000u);
  }
  EXPECT_EQ(Run(Get("http://127.0.0.1:" + std::to_string(DeadPort()))).failure->reason,
            Reason::kConnect);
  EXPECT_EQ(Run(Get("http://no.such.host.invalid/")).failure->reason, Reason::kResolve);
  EXPECT_EQ(Run(Get("http://a\r\nb/")).failure->reason, Reason::kLocal);
  EXPECT_EQ(Run(Get("file:///etc/passwd")).failure->reason, Reason::kProtocol);
}

TEST_F(HttpTest, RedirectsAreToldOfAndNotFollowed) {
  ScriptedServer server(
      {Expect(kRequestEnd),
       Send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"), Again()});
  const HttpOutcome outcome = Run(Get(server.Url() + "/here"));
  EXPECT_FALSE(outcome.failure.has_value());
  EXPECT_EQ(outcome.reply.status, 302);
  EXPECT_EQ(outcome.reply.redirect_url, server.Url() + "/there");
}

TEST_F(HttpTest, TlsIsVerifiedAndItsCertificateShown) {
  ScriptedServer server({Tls("good.pem"), Expect(kRequestEnd), Send(Ok("x"))});
  HttpCall call = Get("https://localhost:" + std::to_string(server.port()) + "/");
  call.connect_ip = "127.0.0.1";
  call.inspect_tls = true;
  EXPECT_EQ(Run(call).failure->reason, Reason::kTls);
  call.request.tls.ca_file = CertificateFile("ca.pem");
  const HttpOutcome outcome = Run(call);
  ASSERT_FALSE(outcome.failure.has_value()) << outcome.failure->message;
  ASSERT_TRUE(outcome.reply.tls.has_value());
  ASSERT_EQ(outcome.reply.tls->chain.size(), 1u);
  EXPECT_EQ(outcome.reply.tls->chain[0].subject, "CN=localhost");
  EXPECT_EQ(outcome.reply.tls->version, "TLS 1.3");
  EXPECT_GT(outcome.reply.phases.tls.count(), 0);
}

TEST_F(HttpTest, ACancelledRequestIsNotToldOf) {
  ScriptedServer server({Expect(kRequestEnd), Hang()});
  bool told = false;
  OnLoop(network_.loop(), [&] {
    const auto id = network_.http().Start(Get(server.Url()), [&](HttpOutcome) { told = true; });
    network_.http().Cancel(id);
    network_.http().Cancel(id);
  });
  ScriptedServer other({Expect(kRequestEnd), Send(Ok("x")), Hang()});
  EXPECT_FALSE(Run(Get(other.Url())).failure.has_value());
  EXPECT_FALSE(told);
}

TEST_F(HttpTest, AHundredAtOnceOnOneThreadOneOfThemHung) {
  ScriptedServer hung({Expect(kRequestEnd), Hang()});
  ScriptedServer server({Expect(kRequestEnd), Send(Ok("x")), Again()});
  std::promise<void> all;
  int ended = 0;
  std::uint64_t hung_id = 0;
  OnLoop(network_.loop(), [&] {
    hung_id = network_.http().Start(Get(hung.Url()), [](HttpOutcome) { FAIL(); });
    for (int i = 0; i < 100; ++i) {
      network_.http().Start(Get(server.Url()), [&](HttpOutcome outcome) {
        EXPECT_FALSE(outcome.failure.has_value());
        if (++ended == 100) all.set_value();
      });
    }
  });
  all.get_future().wait();
  OnLoop(network_.loop(), [&] { network_.http().Cancel(hung_id); });
}

}  // namespace
}  // namespace tocsin::net
