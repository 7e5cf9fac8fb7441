#include "collectors/net/stream.h"

#include <gtest/gtest.h>

#include <optional>

#include "collectors/net/network.h"
#include "tests/base/temp_folder.h"
#include "tests/collectors/net/on_loop.h"
#include "tests/collectors/net/scripted_server.h"

namespace tocsin::net {
namespace {

/// Asks "PING\n" and takes lines until "DONE".
class Client final : public StreamUser {
 public:
  explicit Client(Network& network) : network_(network) {}

  void OnConnected() override {
    ++connected_;
    if (start_tls_ && connected_ == 1) {
      stream_->Write("STARTTLS\n");
      return;
    }
    if (!request_.empty()) stream_->Write(request_);
  }
  std::size_t OnData(std::string_view unread) override {
    if (start_tls_ && connected_ == 1) {
      if (unread != "GO\n") return 0;
      tls_start_ = true;
      later_.Set(network_.loop().Now(), [this] { stream_->StartTls(*start_tls_); });
      return unread.size();
    }
    received_ = unread;
    if (!unread.ends_with("DONE\n")) return 0;
    peer_ = stream_->tls_peer();
    phases_ = stream_->phases();
    stream_->Close();
    done_.set_value(std::nullopt);
    return 0;
  }
  void OnEnd(const Failure& failure) override { done_.set_value(failure); }

  /// Everything up to the end of the exchange; then the stream is gone.
  std::optional<Failure> Run(StreamOptions options) {
    options.deadline = network_.clock().Mono() + patience_;
    OnLoop(network_.loop(), [&] {
      stream_.emplace(network_, *this);
      stream_->Connect(options);
    });
    const auto failure = done_.get_future().get();
    OnLoop(network_.loop(), [&] { stream_.reset(); });
    return failure;
  }

  Network& network_;
  Timer later_{network_.loop()};
  std::string request_ = "PING\n";
  std::optional<outgoing::TlsOptions> start_tls_;
  milliseconds patience_{20'000};
  std::optional<Stream> stream_;
  int connected_ = 0;
  bool tls_start_ = false;
  std::string received_;
  std::optional<TlsPeer> peer_;
  ConnectPhases phases_;
  std::promise<std::optional<Failure>> done_;
};

outgoing::TlsOptions TrustTheTestCa() {
  outgoing::TlsOptions tls;
  tls.ca_file = CertificateFile("ca.pem");
  return tls;
}

StreamOptions To(const ScriptedServer& server) {
  StreamOptions options;
  options.to = {"127.0.0.1", server.port(), {}};
  options.max_unread = 64 << 10;
  return options;
}

class StreamTest : public testing::Test {
 protected:
  SystemClock clock_;
  Network network_{clock_};
};

TEST_F(StreamTest, AnswersComeWholeHoweverTheyAreCutUp) {
  for (const Act& answer : {Send("+PONG\nDONE\n"), Drip("+PONG\nDONE\n")}) {
    ScriptedServer server({Expect("PING\n"), answer, Hang()});
    Client client(network_);
    EXPECT_FALSE(client.Run(To(server)).has_value());
    EXPECT_EQ(client.received_, "+PONG\nDONE\n");
  }
}

TEST_F(StreamTest, MegabytesGoBothWays) {
  const std::string megabytes(3 << 20, 'x');
  ScriptedServer server({Expect("END\n"), Send(megabytes + "DONE\n"), Hang()});
  Client client(network_);
  client.request_ = megabytes + "END\n";
  StreamOptions options = To(server);
  options.max_unread = 4 << 20;
  EXPECT_FALSE(client.Run(options).has_value());
  EXPECT_EQ(client.received_.size(), megabytes.size() + 5);
}

TEST_F(StreamTest, EveryWayToFailHasItsReason) {
  struct Case {
    std::vector<Act> script;
    Reason reason;
    const char* says;
  };
  const std::vector<Case> cases{
      {{Expect("PING\n")}, Reason::kClosed, "closed by the other side"},
      {{Expect("PING\n"), Send("+PO"), Reset()}, Reason::kClosed, "reset by peer"},
      {{Endless("no line end here ")}, Reason::kTooLarge, "65536 bytes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.says);
    ScriptedServer server(c.script);
    Client client(network_);
    const auto failure = client.Run(To(server));
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(ReasonText(failure->reason), ReasonText(c.reason)) << failure->message;
    EXPECT_NE(failure->message.find(c.says), std::string::npos) << failure->message;
  }
}

TEST_F(StreamTest, ARefusedConnectionAndAMissingSocketAreConnectFailures) {
  StreamOptions refused;
  refused.to = {"127.0.0.1", DeadPort(), {}};
  StreamOptions missing;
  missing.to.path = "/nonexistent/socket";
  StreamOptions unknown;
  unknown.to = {"no such host", 1, {}};
  const auto reason = [&](const StreamOptions& options) {
    Client client(network_);
    return ReasonText(client.Run(options)->reason);
  };
  EXPECT_EQ(reason(refused), "connect");
  EXPECT_EQ(reason(missing), "connect");
  EXPECT_EQ(reason(unknown), "resolve");
  missing.to.path = std::string(200, 'x');
  EXPECT_EQ(reason(missing), "local");
}

TEST_F(StreamTest, AHungServerEndsAtTheDeadlineOfTheClock) {
  ManualClock clock{WallTime(seconds(1'700'000'000))};
  Network network(clock);
  ScriptedServer server({Expect("PING\n"), Send("half"), Hang()});
  Client client(network);
  OnLoop(network.loop(), [&] {
    client.stream_.emplace(network, client);
    StreamOptions options = To(server);
    options.deadline = clock.Mono() + seconds(5);
    client.stream_->Connect(options);
  });
  auto done = client.done_.get_future();
  clock.Advance(seconds(6));
  network.loop().Post([] {});
  const auto failure = done.get();
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->reason, Reason::kTimeout);
  OnLoop(network.loop(), [&] { client.stream_.reset(); });
}

TEST_F(StreamTest, UnixSocketsAreStreamsToo) {
  const TempFolder folder;
  const std::string path = folder / "socket";
  ScriptedServer server({Expect("PING\n"), Send("DONE\n"), Hang()}, path);
  Client client(network_);
  StreamOptions options;
  options.to.path = path;
  EXPECT_FALSE(client.Run(options).has_value());
}

TEST_F(StreamTest, TlsShowsTheOtherSidesCertificate) {
  ScriptedServer server({Tls("good.pem"), Expect("PING\n"), Send("DONE\n"), Hang()});
  Client client(network_);
  StreamOptions options = To(server);
  options.tls = TrustTheTestCa();
  const auto failure = client.Run(options);
  ASSERT_FALSE(failure.has_value()) << failure->message;
  ASSERT_TRUE(client.peer_.has_value());
  const TlsPeer& peer = *client.peer_;
  EXPECT_EQ(peer.version, "TLS 1.3");
  EXPECT_TRUE(peer.cipher.starts_with("TLS_")) << peer.cipher;
  ASSERT_EQ(peer.chain.size(), 1u);
  EXPECT_EQ(peer.chain[0].subject, "CN=localhost");
  EXPECT_EQ(peer.chain[0].issuer, "CN=Tocsin Test CA,O=Tocsin");
  EXPECT_EQ(peer.chain[0].dns_names, (std::vector<std::string>{"localhost", "*.test.example"}));
  EXPECT_EQ(ToSeconds(peer.chain[0].not_after), 4891363200.0);
  EXPECT_EQ(peer.chain[0].sha256.size(), 64u);
  ASSERT_EQ(peer.verified.size(), 2u);
  EXPECT_EQ(EarliestExpiry(peer.verified), peer.chain[0].not_after < peer.verified[1].not_after
                                               ? peer.chain[0].not_after
                                               : peer.verified[1].not_after);
  EXPECT_GT(client.phases_.tls.count(), 0);
}

TEST_F(StreamTest, ACertificateThatDoesNotHoldIsRefused) {
  struct Case {
    const char* certificate;
    bool trusted;
    const char* server_name;
    const char* says;
  };
  const std::vector<Case> cases{
      {"good.pem", false, "", "unable to get local issuer certificate"},
      {"expired.pem", true, "", "certificate has expired"},
      {"other.pem", true, "", "IP address mismatch"},
      {"other.pem", true, "localhost", "hostname mismatch"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.says);
    ScriptedServer server({Tls(c.certificate), Expect("PING\n"), Send("DONE\n"), Hang()});
    Client client(network_);
    StreamOptions options = To(server);
    options.tls = c.trusted ? TrustTheTestCa() : outgoing::TlsOptions{};
    options.tls->server_name = c.server_name;
    const auto failure = client.Run(options);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->reason, Reason::kTls);
    EXPECT_NE(failure->message.find(c.says), std::string::npos) << failure->message;

    Client trusting(network_);
    options.tls->insecure_skip_verify = true;
    EXPECT_FALSE(trusting.Run(options).has_value());
    EXPECT_TRUE(trusting.peer_->verified.empty() || c.trusted);
  }
}

TEST_F(StreamTest, JunkInPlaceOfTlsIsATlsFailure) {
  ScriptedServer junk({Send("HTTP/1.1 400 Bad Request\r\n\r\n"), Hang()});
  ScriptedServer gone({Reset()});
  for (const ScriptedServer* server : {&junk, &gone}) {
    Client client(network_);
    StreamOptions options = To(*server);
    options.tls = TrustTheTestCa();
    const auto failure = client.Run(options);
    ASSERT_TRUE(failure.has_value());
    EXPECT_TRUE(failure->reason == Reason::kTls || failure->reason == Reason::kConnect)
        << failure->message;
  }
}

TEST_F(StreamTest, AConnectionIsUpgradedToTls) {
  ScriptedServer server({Expect("STARTTLS\n"), Send("GO\n"), Tls("good.pem"), Expect("PING\n"),
                         Send("DONE\n"), Hang()});
  Client client(network_);
  client.start_tls_ = TrustTheTestCa();
  const auto failure = client.Run(To(server));
  ASSERT_FALSE(failure.has_value()) << failure->message;
  EXPECT_EQ(client.connected_, 2);
  EXPECT_TRUE(client.peer_.has_value());
}

TEST_F(StreamTest, AStreamMayBeDestroyedAtAnyMoment) {
  ScriptedServer server({Tls("good.pem"), Endless("x")});
  for (int i = 0; i < 20; ++i) {
    Client client(network_);
    OnLoop(network_.loop(), [&] {
      client.stream_.emplace(network_, client);
      StreamOptions options = To(server);
      options.tls = TrustTheTestCa();
      options.deadline = clock_.Mono() + seconds(20);
      client.stream_->Connect(options);
    });
    for (int turn = 0; turn < i; ++turn) OnLoop(network_.loop(), [] {});
    OnLoop(network_.loop(), [&] { client.stream_.reset(); });
  }
}

}  // namespace
}  // namespace tocsin::net
