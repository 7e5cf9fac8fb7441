#include "agent/runtime/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>

namespace tocsin {
namespace {

/// What systemd is to a service: a socket that takes datagrams.
class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManagerTest() {
    // An address of two bytes: the kernel chooses an abstract name.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    name_ = "@" + std::string(address.sun_path + 1, size - sizeof(sa_family_t) - 1);
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  ~ServiceManagerTest() override {
    ::close(socket_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }

  /// The next datagram; "" if there is none.
  std::string Next() const {
    std::array<char, 256> text;
    const ssize_t size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

  std::string name_;
  const int socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  ManualClock clock_{WallTime{}};
};

TEST_F(ServiceManagerTest, IsToldAsItStands) {
  NotifyServiceManager("READY=1\nSTATUS=it runs");
  EXPECT_EQ(Next(), "READY=1\nSTATUS=it runs");
  EXPECT_EQ(Next(), "");
}

TEST_F(ServiceManagerTest, NobodyIsToldWithoutOne) {
  ::unsetenv("NOTIFY_SOCKET");
  NotifyServiceManager("READY=1");
  EXPECT_EQ(Next(), "");
  ::setenv("NOTIFY_SOCKET", (name_ + "-gone").c_str(), 1);
  NotifyServiceManager("READY=1");  // must not raise a signal or hang
}

TEST_F(ServiceManagerTest, ALivingAgentIsToldOfAQuarterOfTheWatchdogsTimeAtATime) {
  ::setenv("WATCHDOG_USEC", "20000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  Watchdog watchdog(clock_);
  EXPECT_EQ(Next(), "") << "nothing was done yet";
  watchdog.Alive();
  EXPECT_EQ(Next(), "WATCHDOG=1");
  clock_.Advance(milliseconds(4999));
  watchdog.Alive();
  EXPECT_EQ(Next(), "");
  clock_.Advance(milliseconds(1));
  watchdog.Alive();
  EXPECT_EQ(Next(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, AWatchdogOfAnotherProcessOrNoneIsNotFed) {
  for (const auto& [usec, pid] : {std::pair{"20000000", "1"}, {"0", ""}, {"many", ""}, {"", ""}}) {
    ::setenv("WATCHDOG_USEC", usec, 1);
    ::setenv("WATCHDOG_PID", pid, 1);
    if (!*pid) ::unsetenv("WATCHDOG_PID");
    Watchdog watchdog(clock_);
    watchdog.Alive();
    EXPECT_EQ(Next(), "") << usec << " " << pid;
  }
}

}  // namespace
}  // namespace tocsin
