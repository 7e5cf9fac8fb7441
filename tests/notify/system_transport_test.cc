#include "notify/system_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "notify/dispatcher.h"
#include "notify/receivers/receivers.h"
#include "tests/collectors/net/scripted_server.h"
#include "tests/notify/loopback_server.h"

namespace tocsin::notify {
namespace {

using Connection = LoopbackServer::Connection;
using testing::HasSubstr;
using testing::Not;

class SystemTransportTest : public testing::Test {
 protected:
  SystemTransportTest() {
    ::signal(SIGPIPE, SIG_IGN);
    transport_ = *MakeSystemTransport(clock_);
  }
  Result<Answer> Exchange(Request request) {
    transport_->Start(1, std::move(request));
    for (;;) {
      auto completed = transport_->Wait(seconds(60));
      if (!completed.empty()) return std::move(completed[0].answer);
    }
  }
  static HttpRequest Post(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.body = "{}";
    request.limits = {milliseconds(500), milliseconds(1000), 1000};
    return request;
  }

  SystemClock clock_;
  std::unique_ptr<Transport> transport_;
};

TEST_F(SystemTransportTest, PostsAndReadsTheAnswer) {
  std::string seen;
  LoopbackServer server([&](Connection& c) {
    seen = c.request;
    c.Send("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nwait");
  });
  HttpRequest request = Post(server.url() + "/x?y=1");
  request.headers = {{"Content-Type", "application/json"}};
  request.user_password = "me:pa:ss";
  const auto answer = Exchange(request);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->retry_after, "7");
  EXPECT_EQ(answer->body, "wait");
  EXPECT_THAT(seen, testing::StartsWith("POST /x?y=1 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Authorization: Basic bWU6cGE6c3M=\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\n{}"));
}

TEST_F(SystemTransportTest, AHangingReceiverCostsTheDeadline) {
  LoopbackServer server([](Connection& c) { c.Hang(); });
  const auto start = clock_.Mono();
  const auto answer = Exchange(Post(server.url()));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Errc::kTimeout);
  EXPECT_LT(clock_.Mono() - start, seconds(5));
}

TEST_F(SystemTransportTest, AnEndlessAnswerIsCutAndItsStatusCounts) {
  LoopbackServer server([](Connection& c) {
    c.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (c.Send(std::string(4096, 'x'))) {
    }
  });
  const auto answer = Exchange(Post(server.url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body.size(), 1000u);
}

TEST_F(SystemTransportTest, ADribblingAnswerIsCutByTheDeadline) {
  LoopbackServer server([](Connection& c) {
    c.Send("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n1");
    c.Hang();
  });
  const auto answer = Exchange(Post(server.url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 503);
}

TEST_F(SystemTransportTest, GarbageAndRefusalAreErrors) {
  LoopbackServer server([](Connection& c) { c.Send("\x01\x02 what?\r\n\r\n"); });
  const auto garbage = Exchange(Post(server.url()));
  ASSERT_FALSE(garbage.ok());
  EXPECT_EQ(garbage.error().code(), Errc::kIo);
  EXPECT_FALSE(Exchange(Post("http://127.0.0.1:1/")).ok());
  EXPECT_FALSE(Exchange(Post("http://name.invalid/")).ok());
}

TEST_F(SystemTransportTest, FollowsNoRedirectAndSpeaksHttpOnly) {
  LoopbackServer other([](Connection& c) { c.Send("HTTP/1.1 200 OK\r\n\r\n"); });
  LoopbackServer server([&](Connection& c) {
    c.Send("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "/\r\nContent-Length: 0\r\n\r\n");
  });
  const auto answer = Exchange(Post(server.url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(other.requests(), 0);
  EXPECT_FALSE(Exchange(Post("file:///etc/passwd")).ok());
}

TEST_F(SystemTransportTest, NeverLeavesOutTlsVerification) {
  LoopbackServer server([](Connection& c) { c.Send("HTTP/1.1 200 OK\r\n\r\n"); });
  HttpRequest request = Post("https://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_FALSE(Exchange(request).ok());
}

TEST_F(SystemTransportTest, AServerNameChangesWhatIsCheckedNotWhereItGoes) {
  std::string seen;
  LoopbackServer server([&](Connection& c) {
    seen = c.request;
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  HttpRequest request = Post(server.url() + "/x");
  request.tls.server_name = "other.invalid";
  const auto answer = Exchange(request);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_THAT(seen, HasSubstr("POST /x "));
  EXPECT_THAT(seen, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
}

TEST_F(SystemTransportTest, RefusesLineBreaksInHeaders) {
  HttpRequest request = Post("http://127.0.0.1:1/");
  request.headers = {{"X", "a\r\nHost: evil"}};
  EXPECT_EQ(Exchange(request).error().code(), Errc::kInvalid);
}

/// From the first command of a mail on; `more` comes before it.
net::Act TakesMail(std::vector<std::pair<std::string, std::string>> more) {
  more.insert(more.end(), {{"MAIL FROM:<t@h>\r\n", "250 ok\r\n"},
                           {"RCPT TO:<a@x>\r\n", "250 ok\r\n"},
                           {"DATA\r\n", "354 go\r\n"},
                           {"\r\n.\r\n", "250 queued\r\n"},
                           {"QUIT\r\n", "221 bye\r\n"}});
  return net::Answers(std::move(more));
}

MailRequest MailTo(const net::ScriptedServer& server) {
  MailRequest request;
  request.host = "127.0.0.1";
  request.port = server.port();
  request.from = "t@h";
  request.to = {"a@x"};
  request.message = "Subject: x\r\n\r\n.dots\r\n";
  return request;
}

TEST_F(SystemTransportTest, MailGoesToAServerWithItsOwnCertificateWhereTlsIsNotRequired) {
  const net::ScriptedServer server({net::Send("220 mail ESMTP\r\n"), net::Expect("EHLO"),
                                    net::Send("250-mail\r\n250 STARTTLS\r\n"),
                                    net::Expect("STARTTLS\r\n"), net::Send("220 go\r\n"),
                                    net::Tls("good.pem"),
                                    TakesMail({{"EHLO localhost\r\n", "250 mail\r\n"}})});
  MailRequest request = MailTo(server);
  EXPECT_FALSE(Exchange(request).ok()) << "required, so it must be the right one";
  request.security = MailRequest::Security::kStartTlsIfOffered;
  const auto answer = Exchange(request);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 250);
  EXPECT_THAT(server.received(), HasSubstr("Subject: x\r\n\r\n..dots\r\n.\r\n"));
}

TEST_F(SystemTransportTest, MailUsesAPasswordAsItIsMeant) {
  const net::ScriptedServer server(
      {net::Send("220 mail ESMTP\r\n"),
       TakesMail({{"EHLO localhost\r\n", "250-mail\r\n250 AUTH GSSAPI NTLM CRAM-MD5 PLAIN\r\n"},
                  {"AUTH PLAIN\r\n", "334 \r\n"},
                  {"AHVAaABw\r\n", "235 welcome\r\n"},  // NUL u@h NUL p
                  {"AUTH ", "535 not here\r\n"}})});
  MailRequest request = MailTo(server);
  request.user = "u@h";
  request.password = "p";
  request.mechanisms = {"PLAIN", "LOGIN"};
  request.security = MailRequest::Security::kStartTlsIfOffered;
  const auto answer = Exchange(request);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 250) << server.received();
}

TEST_F(SystemTransportTest, RunsAProgram) {
  const auto answer = Exchange(
      ExecRequest{"/bin/sh",
                  {"-c", "read line; echo \"got $line $A\"; ls /proc/self/fd | wc -l; exit 3"},
                  {"A=b", "PATH=/usr/bin:/bin"},
                  "hello\n"});
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 3);
  EXPECT_EQ(answer->body, "got hello b\n4\n");  // ls itself holds the fourth
}

TEST_F(SystemTransportTest, KillsAProgramThatDoesNotEnd) {
  ExecRequest request{"/bin/sh", {"-c", "trap '' TERM; sleep 1000 & wait; sleep 1000"}, {}, ""};
  request.timeout = milliseconds(100);
  const auto answer = Exchange(request);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Errc::kTimeout);
  EXPECT_EQ(Exchange(ExecRequest{"/nonexistent", {}, {}, ""}).error().code(), Errc::kIo);
}

TEST_F(SystemTransportTest, ABigInputToAProgramThatDoesNotReadIsNoFailure) {
  const auto answer = Exchange(ExecRequest{"/bin/true", {}, {}, std::string(1 << 20, 'x')});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 0);
}

TEST_F(SystemTransportTest, DispatcherDeliversPastAHangingReceiverAndDrains) {
  LoopbackServer dead([](Connection& c) { c.Hang(); });
  LoopbackServer live(
      [](Connection& c) { c.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  Dispatcher dispatcher(clock_, std::move(transport_), nullptr, nullptr, 3);
  dispatcher.SetDestinations({{"dead", MakeAlertmanager(Secret::Literal(dead.url()), {}), {}},
                              {"live", MakeAlertmanager(Secret::Literal(live.url()), {}), {}}});
  dispatcher.Start();
  for (const char* to : {"dead", "live"}) {
    for (int i = 0; i < 200; ++i) {
      std::vector<Queued> one;
      one.push_back({Message{std::to_string(i), {}, {Alert{}}}, clock_.Wall()});
      dispatcher.Put(to, std::move(one));
    }
  }
  EXPECT_FALSE(dispatcher.Drain(clock_.Mono() + milliseconds(1500)));
  for (const DestinationStats& stats : dispatcher.Stats()) {
    EXPECT_EQ(stats.queued, stats.destination == "live" ? 0u : 200u) << stats.destination;
    EXPECT_EQ(stats.delivered, stats.destination == "live" ? 200u : 0u);
  }
}

}  // namespace
}  // namespace tocsin::notify
