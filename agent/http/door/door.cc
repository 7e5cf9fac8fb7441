#include "agent/http/door/door.h"

#include <pthread.h>

#include <thread>
#include <utility>

#include "agent/http/door/loop.h"

namespace tocsin::http {
namespace {

class Door final : public Server {
 public:
  Door(std::unique_ptr<Loop> loop, std::vector<std::string> addresses, milliseconds patience)
      : loop_(std::move(loop)), addresses_(std::move(addresses)), patience_(patience) {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "tocsin-door");
      loop_->Run();
    });
  }
  ~Door() override { Stop(patience_); }

  std::vector<std::string> addresses() const override { return addresses_; }

  bool Stop(milliseconds limit) override {
    if (!thread_.joinable()) return true;
    const MonoTime deadline = SystemClock().Mono() + limit;
    loop_->TellToStop(deadline);
    thread_.join();
    return loop_->EndWorkers(deadline);
  }

 private:
  const std::unique_ptr<Loop> loop_;
  const std::vector<std::string> addresses_;
  const milliseconds patience_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> StartDoor(const ServerOptions& options, Handler handler,
                                          std::shared_ptr<Policy> policy,
                                          const DoorLimits& limits) {
  std::vector<Listener> listeners;
  std::vector<std::string> addresses;
  for (const std::string& text : options.listen_addresses) {
    TRY_ASSIGN(const ListenAddress address, ParseListenAddress(text));
    TRY_ASSIGN(Listener listener, Listener::Open(address));
    listeners.push_back(std::move(listener));
    addresses.push_back(listeners.back().address().ToString());
  }
  if (listeners.empty()) return Error{Errc::kInvalid, "no listen address"};
  auto loop = std::make_unique<Loop>(std::move(listeners), options, limits, std::move(handler),
                                     std::move(policy));
  TRY(loop->Prepare());
  return std::unique_ptr<Server>(std::make_unique<Door>(std::move(loop), std::move(addresses),
                                                        options.limits.response_timeout));
}

}  // namespace tocsin::http
