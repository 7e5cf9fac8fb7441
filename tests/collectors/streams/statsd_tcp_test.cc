// StatsD over TCP, as clients do it and as they should not.

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <thread>

#include "collectors/response/statsd/address.h"
#include "collectors/response/statsd/receiver.h"
#include "tests/base/no_threads.h"

namespace tocsin::statsd {
namespace {

class StatsdTcpTest : public testing::Test {
 protected:
  void Start(const TcpLimits& limits = {}) {
    ReceiverOptions options;
    options.tcp = {"127.0.0.1:0"};
    options.tcp_limits = limits;
    auto started = Receiver::Start(options, shared_);
    ASSERT_TRUE(started.ok()) << started.error().message();
    receiver_ = *std::move(started);
  }

  class Client {
   public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void Send(std::string_view text) {
      while (!text.empty()) {
        const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    void EndOfLines() { ::shutdown(fd_, SHUT_WR); }
    /// Ends with a reset instead of an end.
    void Break() {
      const linger now{1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      ::close(fd_);
      fd_ = -1;
    }
    /// Whether the server has ended the connection within some time.
    bool WaitForEnd(int milliseconds) {
      pollfd wait{fd_, POLLIN, 0};
      char c = 0;
      return ::poll(&wait, 1, milliseconds) == 1 && ::recv(fd_, &c, 1, 0) <= 0;
    }

   private:
    int fd_;
  };

  std::uint16_t port() const { return receiver_->TcpPorts().at(0); }
  std::uint64_t Counted(std::uint64_t TcpCounters::*counter) {
    const MutexLock lock(shared_.mutex);
    return shared_.tcp.*counter;
  }
  std::uint64_t Lines() {
    const MutexLock lock(shared_.mutex);
    return shared_.table.counters().lines;
  }
  template <class Condition>
  static ::testing::AssertionResult Within(Condition condition) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return ::testing::AssertionSuccess();
      ::poll(nullptr, 0, 1);
    }
    return ::testing::AssertionFailure();
  }
  static constexpr int kPatience = 20'000;

  const Mapping mapping_;
  SharedTable shared_{mapping_, {}, [](std::string_view) { return false; }};
  std::unique_ptr<Receiver> receiver_;
};

/// From now on this thread is on a host that was started without IPv6.
void SwitchIpv6Off() {
  constexpr auto kCall = static_cast<unsigned>(offsetof(seccomp_data, nr));
  constexpr auto kFamily = static_cast<unsigned>(offsetof(seccomp_data, args[0]));
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kCall),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFamily),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

TEST(StatsdAddressTest, WithoutIpv6EveryAddressIsOneOfIpv4) {
  std::thread([] {
    SwitchIpv6Off();
    const auto fd = BindSocket(":0", SOCK_DGRAM, [](int) {});
    ASSERT_TRUE(fd.ok()) << fd.error().message();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(*fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(address.ss_family, AF_INET);
    ::close(*fd);
  }).join();
}

TEST_F(StatsdTcpTest, WithoutAThreadThereIsAnErrorAndTheAddressIsFree) {
  {
    const NoThreads none;
    ReceiverOptions options;
    options.tcp = {"127.0.0.1:0"};
    EXPECT_FALSE(Receiver::Start(options, shared_).ok());
  }
  Start();
}

TEST_F(StatsdTcpTest, LinesInPiecesFromManyConnections) {
  Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(port()));
  for (auto& client : clients) client->Send("hits:1|c\nhi");
  for (auto& client : clients) client->Send("ts:2|c\r\n\nhits:3|c");
  for (auto& client : clients) client->EndOfLines();
  for (auto& client : clients) EXPECT_TRUE(client->WaitForEnd(kPatience));
  EXPECT_EQ(Lines(), 60u);
  EXPECT_EQ(Counted(&TcpCounters::connections), 20u);
  EXPECT_EQ(Counted(&TcpCounters::errors), 0u);
  EXPECT_TRUE(Within([&] { return Counted(&TcpCounters::open) == 0; }));
  const MutexLock lock(shared_.mutex);
  std::vector<double> values;
  ASSERT_NE(shared_.table.Read(0, values), nullptr);
  EXPECT_EQ(values, std::vector<double>{120});
}

TEST_F(StatsdTcpTest, MoreThanABufferAtOnce) {
  Start();
  Client client(port());
  std::string all;
  for (int i = 0; i < 100'000; ++i) all += "packed.name:" + std::to_string(i) + "|g\n";
  client.Send(all);
  client.EndOfLines();
  EXPECT_TRUE(client.WaitForEnd(kPatience));
  EXPECT_EQ(Lines(), 100'000u);
}

TEST_F(StatsdTcpTest, ALineTooLongEndsTheConnection) {
  Start();
  for (const bool ended : {false, true}) {
    Client client(port());
    client.Send("a:1|c\n" + std::string(kMaxLine + 1, 'x') + (ended ? "\nb:1|c\n" : ""));
    EXPECT_TRUE(client.WaitForEnd(kPatience));
  }
  Client fits(port());
  fits.Send(std::string(kMaxLine, 'x') + "\n");
  fits.EndOfLines();
  EXPECT_TRUE(fits.WaitForEnd(kPatience));
  EXPECT_EQ(Counted(&TcpCounters::too_long), 2u);
  EXPECT_EQ(Lines(), 3u);
}

TEST_F(StatsdTcpTest, ConnectionsPastTheLimitAreEndedAtOnce) {
  Start({.connections = 2});
  Client first(port());
  Client second(port());
  first.Send("a:1|c\n");
  second.Send("a:1|c\n");
  ASSERT_TRUE(Within([&] { return Lines() == 2; }));
  Client third(port());
  EXPECT_TRUE(third.WaitForEnd(kPatience));
  EXPECT_EQ(Counted(&TcpCounters::over_limit), 1u);
  first.EndOfLines();
  EXPECT_TRUE(first.WaitForEnd(kPatience));
  ASSERT_TRUE(Within([&] { return Counted(&TcpCounters::open) == 1; }));
  Client fourth(port());
  fourth.Send("a:1|c\n");
  EXPECT_TRUE(Within([&] { return Lines() == 3; }));
}

TEST_F(StatsdTcpTest, IdleConnectionsEndAndBusyOnesStay) {
  Start({.idle = seconds(60)});
  MonoTime now(std::chrono::hours(1));
  receiver_->MoveTo(now);
  Client idle(port());
  Client busy(port());
  idle.Send("a:1|c\n");
  busy.Send("a:1|c\n");
  ASSERT_TRUE(Within([&] { return Lines() == 2; }));
  bool ended = false;
  for (int i = 0; !ended && i < 2'000; ++i) {
    receiver_->MoveTo(now += seconds(1));
    const std::uint64_t before = Lines();
    busy.Send("a:1|c\n");
    ASSERT_TRUE(Within([&] { return Lines() == before + 1; }));
    ended = idle.WaitForEnd(0);
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(Counted(&TcpCounters::idle), 1u);
  EXPECT_TRUE(Within([&] { return Counted(&TcpCounters::open) == 1; }));
}

TEST_F(StatsdTcpTest, ABrokenConnectionIsCounted) {
  Start();
  Client client(port());
  client.Send("a:1|c\nb:1");
  ASSERT_TRUE(Within([&] { return Lines() == 1; }));
  client.Break();
  EXPECT_TRUE(Within([&] { return Counted(&TcpCounters::errors) == 1; }));
  EXPECT_EQ(Lines(), 1u) << "half a line is none";
}

TEST_F(StatsdTcpTest, EndsWithOpenConnections) {
  Start();
  Client client(port());
  client.Send("a:1|c\nb");
  ASSERT_TRUE(Within([&] { return Lines() == 1; }));
  ReceiverOptions options;
  options.tcp = {"127.0.0.1:" + std::to_string(port())};
  EXPECT_FALSE(Receiver::Start(options, shared_).ok()) << "the address is in use";
  receiver_.reset();
  EXPECT_TRUE(client.WaitForEnd(kPatience));
}

}  // namespace
}  // namespace tocsin::statsd
