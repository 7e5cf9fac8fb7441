#include "collectors/net/target_collector.h"

#include <set>
#include <utility>

namespace tocsin::net {
namespace {

class TargetCollector final : public Collector {
 public:
  TargetCollector(Network& network, TargetPoolOptions options, std::vector<TargetSpec> listed,
                  std::unique_ptr<Discovery> discovery, MakeAt make)
      : name_(options.collector),
        listed_(std::move(listed)),
        discovery_(std::move(discovery)),
        make_(std::move(make)),
        pool_(network, std::move(options)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (discovery_->Refresh(round.deadline)) pool_.SetTargets(Targets());
    discovery_->Write(name_, out);
    return pool_.Collect(round, out);
  }

 private:
  std::vector<TargetSpec> Targets() const {
    std::vector<TargetSpec> specs = listed_;
    std::set<std::string> taken;
    for (const TargetSpec& spec : listed_) taken.insert(spec.name);
    for (const DiscoveredTarget& found : discovery_->targets()) {
      TargetSpec spec = SpecOfFound(found, make_);
      if (taken.insert(spec.name).second) specs.push_back(std::move(spec));
    }
    return specs;
  }

  const std::string name_;
  const std::vector<TargetSpec> listed_;
  const std::unique_ptr<Discovery> discovery_;
  const MakeAt make_;
  TargetPool pool_;
};

}  // namespace

Result<std::unique_ptr<Collector>> MakeTargetCollector(const CollectorDeps& deps,
                                                       YamlFields& fields,
                                                       TargetPoolOptions options,
                                                       std::vector<TargetSpec> listed,
                                                       MakeAt make) {
  TRY_ASSIGN(auto discovery, Discovery::ReadSources(deps.network, deps.fs, fields));
  TRY(fields.Finish());
  return std::unique_ptr<Collector>(std::make_unique<TargetCollector>(
      deps.network, std::move(options), std::move(listed), std::move(discovery), std::move(make)));
}

}  // namespace tocsin::net
