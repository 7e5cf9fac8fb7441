#include "collectors/net/found_target.h"

#include <utility>

namespace tocsin::net {
namespace {

/// An address that leads nowhere.
class BadTarget final : public Target {
 public:
  explicit BadTarget(std::string message) : message_(std::move(message)) {}
  void Start(const TargetRound&, FamilySink&, TargetDone done) override {
    done(Failure{Reason::kLocal, message_});
  }
  void Cancel() override {}

 private:
  const std::string message_;
};

std::string WithoutUser(const std::string& address) {
  const auto scheme = address.find("://");
  if (scheme == std::string::npos) return address;
  const auto host = scheme + 3;
  const auto at = address.substr(0, address.find('/', host)).rfind('@');
  if (at == std::string::npos || at < host) return address;
  return address.substr(0, host) + address.substr(at + 1);
}

}  // namespace

TargetSpec SpecOfFound(const DiscoveredTarget& found, MakeAt make) {
  TargetSpec spec;
  spec.name = WithoutUser(found.address);
  spec.key = found.address;
  for (const auto& label : found.labels) {
    if (!label.first.starts_with("__")) spec.labels.push_back(label);
  }
  spec.make = [make = std::move(make),
               address = found.address](Network& network) -> std::unique_ptr<Target> {
    auto made = make(network, address);
    if (made) return *std::move(made);
    return std::unique_ptr<Target>(std::make_unique<BadTarget>(made.error().message()));
  };
  return spec;
}

}  // namespace tocsin::net
