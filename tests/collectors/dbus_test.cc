// The D-Bus connection against a bus of our own, which says what each test wants it to say.

#include "collectors/dbus.h"
#include "tests/base/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace tocsin {
namespace {

std::string Uint32(std::uint32_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A message with one header field REPLY_SERIAL, and ERROR_NAME if `error` is not empty.
std::string Reply(char type, std::uint32_t serial, const std::string& error,
                  const std::string& body) {
  std::string fields = std::string("\5\1u\0", 4) + Uint32(serial);
  if (!error.empty()) {
    fields += std::string("\4\1s\0", 4) + Uint32(static_cast<std::uint32_t>(error.size())) + error;
    fields += '\0';
  }
  std::string message = std::string("l") + type + std::string("\0\1", 2) +
                        Uint32(static_cast<std::uint32_t>(body.size())) + Uint32(serial + 100) +
                        Uint32(static_cast<std::uint32_t>(fields.size())) + fields;
  while (message.size() % 8 != 0) message += '\0';
  return message + body;
}

std::string StringBody(const std::string& text) {
  return Uint32(static_cast<std::uint32_t>(text.size())) + text + '\0';
}

/// Accepts connections one after the other; each is greeted, then its calls are answered by
/// `answer(serial)` until that is empty, which ends the connection.
class FakeBus {
 public:
  explicit FakeBus(std::function<std::string(std::uint32_t)> answer, int connections = 1)
      : answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    thread_ = std::thread([this, connections] {
      for (int i = 0; i < connections; ++i) Serve();
    });
  }
  ~FakeBus() {
    thread_.join();
    ::close(listener_);
  }

  const std::string& path() const { return path_; }

 private:
  void Serve() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    std::string in;
    std::array<char, 4096> buffer;
    bool greeted = false;
    bool began = false;
    while (true) {
      const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) break;
      in.append(buffer.data(), static_cast<std::size_t>(n));
      if (!greeted && in.ends_with("\r\n")) {
        EXPECT_TRUE(in.starts_with(std::string("\0AUTH EXTERNAL ", 15))) << in;
        greeted = true;
        in.clear();
        Send(fd, "OK 1234deadbeef\r\n");
        continue;
      }
      if (greeted && !began && in.starts_with("BEGIN\r\n")) {
        began = true;
        in.erase(0, 7);
      }
      if (!began || in.size() < 16) continue;
      std::uint32_t serial = 0;
      std::memcpy(&serial, in.data() + 8, sizeof serial);
      in.clear();
      const std::string answer = answer_(serial);
      if (answer.empty()) break;
      Send(fd, answer);
    }
    ::close(fd);
  }

  static void Send(int fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  std::function<std::string(std::uint32_t)> answer_;
  const TempFolder dir_;
  const std::string path_ = dir_ / "private";
  int listener_ = -1;
  std::thread thread_;
};

Result<std::string_view> Ask(DbusConnection& bus) {
  static constexpr std::array<std::string_view, 2> kArguments{"an.interface", "Property"};
  return bus.Call({"a.service", "/a/path", "org.freedesktop.DBus.Properties", "Get", kArguments});
}

TEST(DbusTest, GivesTheAnswerToItsOwnCall) {
  FakeBus server([](std::uint32_t serial) {
    return Reply(4, 0, "", "a signal") + Reply(2, serial + 7, "", StringBody("another's")) +
           Reply(2, serial, "", StringBody("ours"));
  });
  const auto bus = MakeDbusConnection({"/no/such/socket", server.path()});
  const auto first = Ask(*bus);
  ASSERT_TRUE(first.ok()) << first.error().message();
  EXPECT_EQ(DbusReader(*first).String(), "ours");
  EXPECT_TRUE(Ask(*bus).ok());
}

TEST(DbusTest, TellsAbsentFromBroken) {
  FakeBus server([](std::uint32_t serial) {
    const char* const name = serial == 1   ? "org.freedesktop.DBus.Error.UnknownProperty"
                             : serial == 2 ? "org.freedesktop.DBus.Error.AccessDenied"
                                           : "org.freedesktop.systemd1.Busy";
    return Reply(3, serial, name, StringBody("in its own words"));
  });
  const auto bus = MakeDbusConnection({server.path()});
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kNotFound);
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kUnsupported);
  const auto busy = Ask(*bus);
  EXPECT_EQ(busy.error().code(), Errc::kIo);
  EXPECT_EQ(busy.error().message(), "org.freedesktop.systemd1.Busy: in its own words");
}

TEST(DbusTest, ConnectsAgainAfterTheBusWentAway) {
  int calls = 0;
  FakeBus server(
      [&calls](std::uint32_t serial) {
        return ++calls == 1 ? std::string() : Reply(2, serial, "", StringBody("back"));
      },
      2);
  const auto bus = MakeDbusConnection({server.path()});
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kIo);
  const auto again = Ask(*bus);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(DbusReader(*again).String(), "back");
}

TEST(DbusTest, RefusesAnEndlessMessage) {
  FakeBus server([](std::uint32_t) {
    return std::string("l\2\0\1", 4) + Uint32(1u << 30) + Uint32(1) + Uint32(0);
  });
  const auto bus = MakeDbusConnection({server.path()});
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kLimit);
}

TEST(DbusTest, RefusesAnotherByteOrder) {
  FakeBus server([](std::uint32_t) { return std::string("B\2\0\1", 4) + std::string(12, '\0'); });
  const auto bus = MakeDbusConnection({server.path()});
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kIo);
}

TEST(DbusTest, AMissingSocketIsUnsupported) {
  const auto bus = MakeDbusConnection({"/no/such/socket", std::string(500, 'x')});
  EXPECT_EQ(Ask(*bus).error().code(), Errc::kUnsupported);
}

TEST(DbusReaderTest, ReadsNothingPastTheEnd) {
  EXPECT_EQ(DbusReader("").Uint32(), std::nullopt);
  EXPECT_EQ(DbusReader(std::string("\5\0\0\0abc", 7)).String(), std::nullopt);
  const std::string huge = Uint32(0xffffffff) + "x";
  EXPECT_EQ(DbusReader(huge).String(), std::nullopt);
  EXPECT_FALSE(DbusReader(huge).EnterArrayOfStructs());
  const std::string variant = std::string("\1s\0\0", 4) + StringBody("v");
  DbusReader reader(variant);
  EXPECT_FALSE(reader.EnterVariant("u"));
  EXPECT_TRUE(reader.EnterVariant("s"));
  EXPECT_EQ(reader.String(), "v");
  EXPECT_TRUE(reader.AtEnd());
}

}  // namespace
}  // namespace tocsin
