// What only the event-driven door does; what both doors do is in ../server_test.cc.

#include "agent/http/door/door.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "agent/http/doors.h"
#include "base/mutex.h"
#include "tests/http/client.h"
#include "tests/http/patient.h"

namespace tocsin::http {
namespace {

Response Echo(const Request& request) {
  return TextResponse(200, std::string(request.path) + " from " + std::string(request.remote) +
                               " body=" + std::string(request.body));
}

std::unique_ptr<Server> Start(std::vector<std::string> addresses, Handler handler = Echo,
                              const DoorLimits& limits = {}) {
  auto server =
      StartDoor({.listen_addresses = std::move(addresses), .threads = 4, .limits = Patient()},
                std::move(handler), nullptr, limits);
  EXPECT_TRUE(server.ok()) << server.error().message();
  return *std::move(server);
}

/// A folder of its own for sockets, as paths must be short.
class Folder {
 public:
  Folder() { EXPECT_NE(::mkdtemp(path_), nullptr); }
  ~Folder() {
    ::unlink(Socket().c_str());
    ::rmdir(path_);
  }
  std::string Socket() const { return std::string(path_) + "/s"; }
  std::string Address() const { return "unix:" + Socket(); }
  bool HasSocket() const {
    struct stat info {};
    return ::stat(Socket().c_str(), &info) == 0;
  }

 private:
  char path_[32] = "/tmp/tocsin-door-XXXXXX";
};

TEST(DoorTest, EveryFamily) {
  const Folder folder;
  const auto server = Start({"[::1]:0", "[::]:0", "0.0.0.0:0", folder.Address()});
  const auto addresses = server->addresses();
  ASSERT_EQ(addresses.size(), 4u);
  EXPECT_EQ(Client(addresses[0]).Ask(Get("/6")).body, "/6 from ::1 body=\n");
  const std::string port = addresses[1].substr(addresses[1].rfind(':'));
  EXPECT_EQ(Client("[::1]" + port).Ask(Get("/")).body, "/ from ::1 body=\n");
  EXPECT_EQ(Client("127.0.0.1" + port).Ask(Get("/")).body, "/ from 127.0.0.1 body=\n")
      << "[::] is every address";
  const std::string v4 = addresses[2].substr(addresses[2].rfind(':'));
  EXPECT_EQ(Client("127.0.0.1" + v4).Ask(Get("/")).body, "/ from 127.0.0.1 body=\n");
  EXPECT_FALSE(Client("127.0.0.1" + addresses[0].substr(5)).connected()) << "[::1] is IPv6 alone";
  EXPECT_EQ(Client(addresses[3]).Ask(Get("/u")).body, "/u from unix body=\n");
}

TEST(DoorTest, UnixSocketFiles) {
  const Folder folder;
  auto first = Start({folder.Address()});
  const auto second = StartDoor({.listen_addresses = {folder.Address()}}, Echo);
  ASSERT_FALSE(second.ok()) << "somebody listens there";
  EXPECT_NE(second.error().message().find("Address already in use"), std::string::npos);
  EXPECT_EQ(Client(folder.Address()).Ask(Get("/")).status, 200) << "and still does";
  EXPECT_TRUE(first->Stop(seconds(60)));
  first = nullptr;
  EXPECT_FALSE(folder.HasSocket());

  // What a killed process leaves behind: a file that nobody listens on.
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un left{};
  left.sun_family = AF_UNIX;
  folder.Socket().copy(left.sun_path, sizeof left.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&left), sizeof left), 0);
  close(fd);
  ASSERT_TRUE(folder.HasSocket());
  EXPECT_FALSE(Client(folder.Address()).connected());
  const auto third = Start({folder.Address()});
  EXPECT_EQ(Client(folder.Address()).Ask(Get("/")).status, 200);
}

TEST(DoorTest, AFileThatIsNoSocketIsNotReplaced) {
  const Folder folder;
  close(open(folder.Socket().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_EQ(StartDoor({.listen_addresses = {folder.Address()}}, Echo).error().code(), Errc::kIo);
  EXPECT_TRUE(folder.HasSocket());
}

TEST(DoorTest, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = Start({"127.0.0.1:0"});
  Client client(server->addresses()[0]);
  std::string bytes;
  for (int i = 0; i < 500; ++i) {
    if (i % 3 == 0) {
      bytes +=
          "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /";
    } else {
      bytes += Get("/" + std::to_string(i));
    }
  }
  std::thread sender([&] { client.Send(bytes); });
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client.Read().body, "/" + std::to_string(i) +
                                      " from 127.0.0.1 body=" + (i % 3 == 0 ? "GET /" : "") + "\n");
  }
  sender.join();
}

TEST(DoorTest, ARequestMayComeByteByByte) {
  const auto server = Start({"127.0.0.1:0"});
  Client client(server->addresses()[0]);
  for (int i = 0; i < 3; ++i) {
    for (const char c :
         std::string("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) {
      client.Send({&c, 1});
    }
    EXPECT_EQ(client.Read().body, "/x from 127.0.0.1 body=hello\n");
  }
}

TEST(DoorTest, WhoHasFinishedSendingIsStillAnswered) {
  const auto server = Start({"127.0.0.1:0"});
  Client client(server->addresses()[0]);
  client.Send(Get("/last"));
  client.FinishSending();
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.Ended());
}

TEST(DoorTest, WhenItIsFullTheOldestUnfinishedGoes) {
  const auto server = Start({"127.0.0.1:0"}, Echo, {.connections = 20});
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<Client>(server->addresses()[0]));
    slow.back()->Send("GET / HTTP/1.1\r\n");
  }
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(slow[static_cast<std::size_t>(i)]->Read().status, 0);
  slow.back()->Send("Host: x\r\n\r\n");
  EXPECT_EQ(slow.back()->Read().status, 200) << "the youngest stays";
}

TEST(DoorTest, UnfinishedBodiesHoldOnlySoMuchMemory) {
  const auto server = Start({"127.0.0.1:0"}, Echo, {.held_bytes = 1 << 20});
  std::vector<std::unique_ptr<Client>> slow;
  const std::string part(300'000, 'x');
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<Client>(server->addresses()[0]));
    slow.back()->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300001\r\n\r\n" + part);
  }
  EXPECT_EQ(slow[0]->Read().status, 0);
  slow[5]->Send("x");
  EXPECT_EQ(slow[5]->Read().status, 200);
}

TEST(DoorTest, HandlersThatBlockKeepNobodyElseWaiting) {
  Mutex mutex;
  CondVar changed;
  int blocked = 0;
  bool open = false;
  const auto server = Start({"127.0.0.1:0"}, [&](const Request& request) {
    if (request.path != "/block") return Echo(request);
    const MutexLock lock(mutex);
    ++blocked;
    changed.NotifyAll();
    while (!open) changed.Wait(mutex);
    return TextResponse(200, "unblocked");
  });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(server->addresses()[0]));
    clients.back()->Send(Get("/block"));
  }
  {
    const MutexLock lock(mutex);
    while (blocked < 3) changed.Wait(mutex);
  }
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
  {
    const MutexLock lock(mutex);
    open = true;
    changed.NotifyAll();
  }
  for (const auto& client : clients) EXPECT_EQ(client->Read().body, "unblocked\n");
}

TEST(DoorTest, AClientThatIsGoneBeforeItsAnswer) {
  std::promise<void> entered;
  std::promise<void> leave;
  const auto server = Start({"127.0.0.1:0"}, [&](const Request& request) {
    if (request.path == "/wait") {
      entered.set_value();
      leave.get_future().wait();
    }
    return Echo(request);
  });
  auto gone = std::make_unique<Client>(server->addresses()[0]);
  gone->Send(Get("/wait"));
  entered.get_future().wait();
  gone->Reset();
  gone = nullptr;
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
  leave.set_value();
  EXPECT_EQ(Client(server->addresses()[0]).Ask(Get("/")).status, 200);
}

TEST(DoorsTest, EachAddressItsDoor) {
  const Folder folder;
  auto server =
      StartDoors({.listen_addresses = {folder.Address(), "127.0.0.1:0", "[::1]:0"}, .threads = 2},
                 Echo, nullptr);
  ASSERT_TRUE(server.ok()) << server.error().message();
  const auto addresses = (*server)->addresses();
  ASSERT_EQ(addresses.size(), 3u);
  EXPECT_EQ(addresses[0], folder.Address());
  EXPECT_TRUE(addresses[1].starts_with("127.0.0.1:"));
  EXPECT_TRUE(addresses[2].starts_with("[::1]:"));
  for (const std::string& address : addresses) {
    EXPECT_EQ(Client(address).Ask(Get("/")).status, 200) << address;
  }
  // Each says which it is by how it takes a header that is too large.
  const std::string enormous = Get("/", "X: " + std::string(60'000, 'y') + "\r\n");
  EXPECT_EQ(Client(addresses[0]).Ask(enormous).status, 431);
  EXPECT_EQ(Client(addresses[1]).Ask(enormous).status, 400);
  EXPECT_EQ(Client(addresses[2]).Ask(enormous).status, 431);
  EXPECT_TRUE((*server)->Stop(seconds(60)));
  EXPECT_FALSE(folder.HasSocket());
}

}  // namespace
}  // namespace tocsin::http
