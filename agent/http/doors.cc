#include "agent/http/doors.h"

#include <algorithm>
#include <utility>

#include "agent/http/civetweb_server.h"
#include "agent/http/door/door.h"

namespace tocsin::http {
namespace {

/// There an idle connection costs no thread, and a handshake costs more than keeping one: longer
/// than Prometheus waits between two scrapes by default.
constexpr milliseconds kDoorKeepAlive = std::chrono::minutes(2);
constexpr int kDoorThreads = 8;

class Doors final : public Server {
 public:
  Doors(std::unique_ptr<Server> civetweb, std::unique_ptr<Server> door,
        std::vector<std::string> addresses)
      : civetweb_(std::move(civetweb)), door_(std::move(door)), addresses_(std::move(addresses)) {}

  std::vector<std::string> addresses() const override { return addresses_; }

  bool Stop(milliseconds limit) override {
    const bool door = door_->Stop(limit / 2);
    return civetweb_->Stop(limit / 2) && door;
  }

 private:
  const std::unique_ptr<Server> civetweb_;
  const std::unique_ptr<Server> door_;
  const std::vector<std::string> addresses_;
};

}  // namespace

Result<std::unique_ptr<Server>> StartDoors(const ServerOptions& options, Handler handler,
                                           std::shared_ptr<Policy> policy) {
  ServerOptions for_civetweb = options;
  ServerOptions for_door = options;
  for_civetweb.listen_addresses.clear();
  for_door.listen_addresses.clear();
  for_door.threads = std::min(options.threads, kDoorThreads);
  for_door.limits.keep_alive_timeout = kDoorKeepAlive;
  std::vector<bool> by_civetweb;
  for (const std::string& text : options.listen_addresses) {
    TRY_ASSIGN(const ListenAddress address, ParseListenAddress(text));
    by_civetweb.push_back(!policy && address.IsIpv4Loopback());
    (by_civetweb.back() ? for_civetweb : for_door).listen_addresses.push_back(text);
  }
  if (for_door.listen_addresses.empty()) return StartCivetweb(for_civetweb, std::move(handler));
  TRY_ASSIGN(auto door, StartDoor(for_door, handler, std::move(policy)));
  if (for_civetweb.listen_addresses.empty()) return door;
  TRY_ASSIGN(auto civetweb, StartCivetweb(for_civetweb, std::move(handler)));
  std::vector<std::string> addresses;
  auto next_civetweb = civetweb->addresses();
  auto next_door = door->addresses();
  std::reverse(next_civetweb.begin(), next_civetweb.end());
  std::reverse(next_door.begin(), next_door.end());
  for (const bool civetwebs : by_civetweb) {
    auto& next = civetwebs ? next_civetweb : next_door;
    addresses.push_back(std::move(next.back()));
    next.pop_back();
  }
  return std::unique_ptr<Server>(
      std::make_unique<Doors>(std::move(civetweb), std::move(door), std::move(addresses)));
}

}  // namespace tocsin::http
