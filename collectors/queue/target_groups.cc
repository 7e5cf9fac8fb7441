#include "collectors/queue/target_groups.h"

#include <set>

#include "base/parse.h"

namespace tocsin {
namespace {

class GroupsCollector final : public Collector {
 public:
  explicit GroupsCollector(std::unique_ptr<TargetGroups> groups) : groups_(std::move(groups)) {}
  Status Collect(const RoundContext& round, FamilySink& out) override {
    return groups_->Collect(round, out);
  }

 private:
  const std::unique_ptr<TargetGroups> groups_;
};

}  // namespace

TargetGroups::TargetGroups(net::Network& network, net::TargetPoolOptions options)
    : collector_(options.collector), pool_(network, std::move(options)) {}

Status TargetGroups::Add(const CollectorDeps& deps, YamlFields& fields, Make make) {
  TRY_ASSIGN(auto discovery, net::Discovery::Read(deps.network, deps.fs, fields));
  TRY_ASSIGN(const milliseconds timeout, fields.Read("timeout", YamlDuration, milliseconds(0)));
  TRY(fields.Finish());
  if (discovery->empty()) {
    return deps.file.At(fields.node(), "expected targets, file_sd or dns_srv");
  }
  groups_.push_back({std::move(discovery), std::move(make), timeout});
  return Unit{};
}

Status TargetGroups::Collect(const RoundContext& round, FamilySink& out) {
  bool changed = false;
  for (Group& group : groups_) changed |= group.discovery->Refresh(round.deadline);
  if (changed) pool_.SetTargets(Targets());
  for (const Group& group : groups_) group.discovery->Write(collector_, out);
  return pool_.Collect(round, out);
}

std::vector<net::TargetSpec> TargetGroups::Targets() const {
  std::vector<net::TargetSpec> specs;
  std::set<std::string_view> taken;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    for (const net::DiscoveredTarget& target : groups_[i].discovery->targets()) {
      if (!taken.insert(target.address).second) continue;
      net::TargetSpec spec = net::SpecOfFound(target, groups_[i].make);
      spec.key = std::to_string(i) + " " + spec.key;
      spec.timeout = groups_[i].timeout;
      specs.push_back(std::move(spec));
    }
  }
  return specs;
}

Result<std::unique_ptr<Collector>> MakeGroupsCollector(const CollectorDeps& deps,
                                                       YamlFields& settings,
                                                       net::TargetPoolOptions options,
                                                       const ReadGroup& read) {
  auto groups = std::make_unique<TargetGroups>(deps.network, std::move(options));
  if (const YamlNode* node = settings.Find("servers")) {
    if (!node->IsSequence()) return deps.file.At(*node, "expected a list of servers");
    TRY(ReadItems(deps.file, *node, [&](const YamlNode& item) -> Status {
      YamlFields fields(deps.file, item, "server");
      TRY_ASSIGN(TargetGroups::Make make, read(fields));
      return groups->Add(deps, fields, std::move(make));
    }));
  }
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(std::make_unique<GroupsCollector>(std::move(groups)));
}

Result<HostPort> ParseHostPort(std::string_view address, std::uint16_t default_port) {
  const auto bad = [&] {
    return Error{Errc::kInvalid, "expected HOST:PORT, found \"" + std::string(address) + "\""};
  };
  if (address.starts_with('/')) return HostPort{std::string(address), default_port};
  std::string_view host = address;
  std::string_view port;
  if (address.starts_with('[')) {
    const auto end = address.find(']');
    if (end == std::string_view::npos) return bad();
    host = address.substr(1, end - 1);
    port = address.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return bad();
  } else if (const auto colon = address.rfind(':'); colon != std::string_view::npos) {
    host = address.substr(0, colon);
    port = address.substr(colon);
    if (host.find(':') != std::string_view::npos) return bad();
  }
  if (host.empty()) return bad();
  if (port.empty()) return HostPort{std::string(host), default_port};
  const auto number = ParseInt<std::uint16_t>(port.substr(1));
  if (!number || *number == 0) return bad();
  return HostPort{std::string(host), *number};
}

}  // namespace tocsin
