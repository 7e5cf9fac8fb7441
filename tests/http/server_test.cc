// Both doors over real sockets: what a good client gets, and what a bad one costs.

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "agent/http/civetweb_server.h"
#include "agent/http/door/door.h"
#include "agent/http/router.h"
#include "tests/http/client.h"
#include "tests/http/patient.h"

namespace tocsin::http {
namespace {

/// Times that keep a test short; the logic is the same.
ServerLimits Impatient() {
  ServerLimits limits;
  limits.header_timeout = limits.body_timeout = limits.response_timeout = milliseconds(300);
  limits.keep_alive_timeout = milliseconds(300);
  return limits;
}

struct DoorKind {
  const char* name;
  Result<std::unique_ptr<Server>> (*start)(const ServerOptions&, Handler);
  int slow_header;      // the status that it is answered with
  int enormous_header;  // likewise, one larger than civetweb's buffer
};

const DoorKind kCivetweb{"Civetweb", StartCivetweb, 400, 400};
const DoorKind kDoor{"Door",
                     [](const ServerOptions& options, Handler handler) {
                       return StartDoor(options, std::move(handler));
                     },
                     408, 431};

class ServerTest : public ::testing::TestWithParam<DoorKind> {
 protected:
  static std::unique_ptr<Server> Start(Handler handler,
                                       ServerOptions options = {.listen_addresses = {},
                                                                .threads = 4,
                                                                .limits = Patient()}) {
    if (options.listen_addresses.empty()) options.listen_addresses = {"127.0.0.1:0"};
    auto server = GetParam().start(options, std::move(handler));
    EXPECT_TRUE(server.ok()) << server.error().message();
    return *std::move(server);
  }
};

INSTANTIATE_TEST_SUITE_P(Doors, ServerTest, ::testing::Values(kCivetweb, kDoor),
                         [](const auto& door) { return std::string(door.param.name); });

/// Shows what arrived.
Response Echo(const Request& request) {
  std::string text = std::string(request.method) + ' ' + std::string(request.path) + " ?" +
                     std::string(request.query) + " from " + std::string(request.remote);
  for (const auto& [name, value] : request.headers) {
    text.append(" ").append(name).append("=").append(value);
  }
  return TextResponse(200, text + " body=" + std::string(request.body));
}

TEST_P(ServerTest, AGoodClientIsServed) {
  const auto server = Start(Echo);
  Client client(server->addresses()[0]);
  const Reply get = client.Ask(Get("/a/b?c=d%20e", "X-One: two \r\nEmpty:\r\n"));
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "GET /a/b ?c=d%20e from 127.0.0.1 host=x x-one=two empty= body=\n");
  EXPECT_EQ(get.Header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(get.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(get.Header("Connection"), "keep-alive");

  // The same connection goes on, also with two requests in one piece.
  client.Send(Get("/1") + "HEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.Read().body, "GET /1 ? from 127.0.0.1 host=x body=\n");
  const Reply head = client.Read(/*bodiless=*/true);
  EXPECT_EQ(head.Header("Content-Length"),
            std::to_string(std::string_view("HEAD /2 ? from 127.0.0.1 host=x body=\n").size()));
  EXPECT_EQ(client.Ask(Get("/3", "Connection: close\r\n")).Header("Connection"), "close");
  EXPECT_TRUE(client.Ended());

  Client old(server->addresses()[0]);
  EXPECT_EQ(old.Ask("GET /old HTTP/1.0\r\n\r\n").body, "GET /old ? from 127.0.0.1 body=\n");
  EXPECT_TRUE(old.Ended());
}

TEST_P(ServerTest, HandlersHaveAFullStack) {
  std::promise<std::size_t> size;
  const auto server = Start([&](const Request&) {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    std::size_t bytes = 0;
    pthread_attr_getstacksize(&attributes, &bytes);
    pthread_attr_destroy(&attributes);
    size.set_value(bytes);
    return TextResponse(200, "ok");
  });
  Client client(server->addresses()[0]);
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  EXPECT_GE(size.get_future().get(), std::size_t{8} << 20U);
}

TEST_P(ServerTest, BodiesArriveWhole) {
  const auto server = Start(Echo);
  Client client(server->addresses()[0]);
  const std::string post = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: ";
  EXPECT_TRUE(client.Ask(post + "5\r\n\r\nhello").body.ends_with("body=hello\n"));
  EXPECT_TRUE(client.Ask(post + "0\r\n\r\n").body.ends_with("body=\n"));

  const std::string large(1 << 20, 'z');
  client.Send(post + std::to_string(large.size()) + "\r\n\r\n" + large.substr(0, 10));
  client.Send(large.substr(10));
  const Reply reply = client.Read();
  EXPECT_EQ(reply.status, 200);
  EXPECT_GT(reply.body.size(), large.size());

  client.Send(post + "5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  EXPECT_TRUE(client.Ask("later").body.ends_with("body=later\n"));
  // Nothing of a body is taken for the next request.
  EXPECT_EQ(client.Ask(Get("/next")).status, 200);
}

struct BadRequest {
  int status;
  std::string bytes;
};

TEST_P(ServerTest, WhatTwoReadersCouldTakeDifferentlyIsRefusedAndClosed) {
  std::atomic<int> handled = 0;
  const auto server = Start([&](const Request& request) {
    ++handled;
    return Echo(request);
  });
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  std::string many_headers;
  for (int i = 0; i < 65; ++i) many_headers += "X-" + std::to_string(i) + ": y\r\n";
  const BadRequest bad[] = {
      {400, post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {400, post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"},
      {400, post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"},
      {400, post + "Content-Length: 4abc\r\n\r\nabcd"},
      {400, post + "Content-Length: +4\r\n\r\nabcd"},
      {400, post + "Content-Length: -1\r\n\r\n"},
      {413, post + "Content-Length: 1048577\r\n\r\n" + std::string(70'000, 'x')},
      {413, post + "Content-Length: 99999999999999999999\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"},
      {400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n"},
      {400, "GET / HTTP/1.1\nHost: x\n\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\n\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tfolded\r\nC: d\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n"},
      {400, std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28)},
      {400, "FOO / HTTP/1.1\r\nHost: x\r\n\r\n"},
      {400, "GET /\r\n\r\n"},
      {400, "junk\r\n\r\n"},
      {505, "GET / HTTP/3.0\r\nHost: x\r\n\r\n"},
      {414, Get("/" + std::string(2048, 'p'))},
      {414, Get("/?" + std::string(20'000, 'q'))},
      {431, Get("/", "X: " + std::string(20'000, 'y') + "\r\n")},
      {431, Get("/", many_headers)},
      {GetParam().enormous_header, Get("/", "X: " + std::string(60'000, 'y') + "\r\n")},
      {417, post + "Content-Length: 1\r\nExpect: miracles\r\n\r\nx"},
  };
  for (const BadRequest& request : bad) {
    SCOPED_TRACE(::testing::PrintToString(request.bytes.substr(0, 80)));
    Client client(server->addresses()[0]);
    const Reply reply = client.Ask(request.bytes);
    EXPECT_EQ(reply.status, request.status) << reply.head << reply.body;
    EXPECT_EQ(reply.Header("Connection"), "close");
    EXPECT_EQ(reply.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(client.Ended());
  }
  EXPECT_EQ(handled, 0);
}

TEST_P(ServerTest, PathsAreMatchedAsTheyWereSent) {
  Router router;
  router.Add("/metrics", {"GET"}, [](const Request&) { return TextResponse(200, "page"); });
  const auto server = Start([&](const Request& request) { return router.Handle(request); });
  Client client(server->addresses()[0]);
  EXPECT_EQ(client.Ask(Get("/metrics")).status, 200);
  for (const std::string_view path :
       {"/metricsfoo", "/metrics/", "//metrics", "/x/../metrics", "/x/%2e%2e/metrics",
        "/metrics%00", "/ok%00/../metrics", "/%6detrics", "/./metrics", "/metrics;x"}) {
    EXPECT_EQ(client.Ask(Get(path)).status, 404) << path;
  }
  const Reply post = client.Ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.Header("Allow"), "GET, HEAD");
}

TEST_P(ServerTest, SlowHeadersHoldAWorkerForTheirTimeOnly) {
  const auto server = Start(Echo, {.listen_addresses = {}, .threads = 2, .limits = Impatient()});
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<Client>(server->addresses()[0]));
    slow.back()->Send("GET / HTTP/1.1\r\nHost: x\r\nA: ");
  }
  Client good(server->addresses()[0]);
  EXPECT_EQ(good.Ask(Get("/")).status, 200);
  for (const auto& client : slow) EXPECT_EQ(client->Read().status, GetParam().slow_header);
}

TEST_P(ServerTest, ASlowBodyIsGivenUp) {
  const auto server = Start(Echo, {.listen_addresses = {}, .threads = 1, .limits = Impatient()});
  Client stalled(server->addresses()[0]);
  stalled.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
  EXPECT_EQ(stalled.Read().status, 408);
  EXPECT_TRUE(stalled.Ended());

  // Each byte comes within its own time; the whole does not.
  Client trickle(server->addresses()[0]);
  trickle.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  int sent = 0;
  while (!trickle.WaitReadable(20) && trickle.Send("x")) ++sent;
  EXPECT_EQ(trickle.Read().status, 408);
  EXPECT_LT(sent, 10'000);
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
}

TEST_P(ServerTest, ARefusedBodyIsNotReadForEver) {
  const auto server = Start(Echo, {.listen_addresses = {}, .threads = 1, .limits = Impatient()});
  Client sender(server->addresses()[0]);
  sender.Send("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(sender.Read().status, 400);
  // It goes on sending, and the only worker is free all the same.
  std::atomic<bool> done = false;
  std::thread trickle([&] {
    while (!done && sender.Send("x")) sender.WaitReadable(20);
  });
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
  done = true;
  trickle.join();
}

TEST_P(ServerTest, AReaderWhoDoesNotReadIsGivenUp) {
  const auto server = Start(
      [](const Request& request) {
        Response response = TextResponse(200, "x");
        if (request.path == "/large") response.body.assign(std::size_t{64} << 20, 'x');
        return response;
      },
      {.listen_addresses = {}, .threads = 1, .limits = Impatient()});
  Client lazy(server->addresses()[0], /*receive_buffer=*/4096);
  lazy.Send(Get("/large"));
  lazy.WaitReadable(10'000);
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
  EXPECT_EQ(lazy.Read().status, 0) << "the response is cut off";
}

TEST_P(ServerTest, LargeResponsesArriveWhole) {
  auto page = MakeRef<SharedText>();
  for (int i = 0; page->text.size() < (std::size_t{8} << 20); ++i) {
    page->text += std::to_string(i) + ' ';
  }
  const auto server = Start([&](const Request&) {
    Response response;
    response.shared_body = page;
    return response;
  });
  Client client(server->addresses()[0], 8192);
  EXPECT_EQ(client.Ask(Get("/")).body, page->text);
}

TEST_P(ServerTest, IdleConnectionsAreEnded) {
  const auto server = Start(Echo, {.listen_addresses = {}, .threads = 1, .limits = Impatient()});
  Client idle(server->addresses()[0]);
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  Client next(server->addresses()[0]);
  EXPECT_EQ(next.Ask(Get("/")).status, 200) << "the only worker came free";
  EXPECT_TRUE(idle.Ended());
}

TEST_P(ServerTest, SeveralAddressesAndWhatCannotBeListenedOn) {
  const auto server =
      Start(Echo, {.listen_addresses = {"127.0.0.1:0", "127.0.0.2:0"}, .threads = 2});
  ASSERT_EQ(server->addresses().size(), 2u);
  for (const std::string& address : server->addresses()) {
    EXPECT_FALSE(address.ends_with(":0"));
    EXPECT_EQ(Client(address).Ask(Get("/")).status, 200) << address;
  }
  const auto taken = GetParam().start({.listen_addresses = {server->addresses()[0]}}, Echo);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code(), Errc::kIo);
  EXPECT_NE(taken.error().message().find("Address already in use"), std::string::npos)
      << taken.error().message();
  EXPECT_EQ(GetParam().start({.listen_addresses = {"nonsense"}}, Echo).error().code(),
            Errc::kInvalid);
  EXPECT_EQ(GetParam().start({}, Echo).error().code(), Errc::kInvalid);
}

TEST_P(ServerTest, StopAnswersWhatIsUnderWay) {
  std::promise<void> entered;
  std::promise<void> leave;
  const auto server = Start(
      [&, once = std::make_shared<std::once_flag>()](const Request&) {
        std::call_once(*once, [&] { entered.set_value(); });
        leave.get_future().wait();
        return TextResponse(200, "done");
      },
      {.listen_addresses = {}, .threads = 2, .limits = {}});
  const std::string address = server->addresses()[0];
  Client client(address);
  client.Send(Get("/"));
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { return server->Stop(seconds(60)); });
  leave.set_value();
  const Reply reply = client.Read();
  EXPECT_EQ(reply.body, "done\n");
  EXPECT_TRUE(stopped.get());
  EXPECT_TRUE(server->Stop(seconds(60)));
  EXPECT_FALSE(Client(address).connected());
}

TEST_P(ServerTest, StopDoesNotWaitForAHandlerThatHangs) {
  // The handler dies with the server's last thread.
  struct Died {
    std::promise<void> promise;
    ~Died() { promise.set_value(); }
  };
  auto died = std::make_shared<Died>();
  std::future<void> gone = died->promise.get_future();
  std::promise<void> entered;
  std::promise<void> leave;
  auto server = Start([&, died](const Request&) {
    entered.set_value();
    leave.get_future().wait();
    return TextResponse(200, "late");
  });
  died = nullptr;
  Client client(server->addresses()[0]);
  client.Send(Get("/"));
  entered.get_future().wait();
  EXPECT_FALSE(server->Stop(milliseconds(50)));
  server = nullptr;
  leave.set_value();
  gone.wait();
}

TEST_P(ServerTest, AHandlerThatThrowsCostsItsConnection) {
  const auto server = Start([](const Request& request) {
    if (request.path == "/throw") throw std::runtime_error("out of luck");
    return Echo(request);
  });
  Client client(server->addresses()[0]);
  client.Send(Get("/throw"));
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
}

TEST_P(ServerTest, ManyClientsAtOnce) {
  std::atomic<int> handled = 0;
  const auto server = Start(
      [&](const Request& request) {
        ++handled;
        return Echo(request);
      },
      {.listen_addresses = {}, .threads = 8, .limits = Patient()});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Client client(server->addresses()[0]);
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        ASSERT_NE(client.Ask(Get(path)).body.find(path + " "), std::string::npos);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(handled, 400);
}

}  // namespace
}  // namespace tocsin::http
