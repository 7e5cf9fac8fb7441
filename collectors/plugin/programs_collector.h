#pragma once
// What exec and plugin are: a list of programs, each a target of its own.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/collector.h"
#include "collectors/net/network.h"
#include "collectors/net/target_pool.h"
#include "collectors/plugin/foreign_settings.h"

namespace tocsin::plugin {

class ProgramsCollector final : public Collector {
 public:
  /// `nothing` is the error of a round without targets.
  ProgramsCollector(net::Network& network, net::TargetPoolOptions options,
                    std::vector<net::TargetSpec> targets, std::string nothing)
      : empty_(targets.empty()), nothing_(std::move(nothing)), pool_(network, std::move(options)) {
    pool_.SetTargets(std::move(targets));
  }

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (empty_) return Error{Errc::kUnsupported, nothing_};
    return pool_.Collect(round, out);
  }

 private:
  const bool empty_;
  const std::string nothing_;
  net::TargetPool pool_;
};

/// The collector of the programs listed under `key`. `read` makes the settings of one, with its
/// `name` and `timeout`; a ProgramTarget is made of them.
template <class ProgramTarget, class Settings>
Result<std::unique_ptr<Collector>> MakeProgramsCollector(
    const CollectorDeps& deps, const std::string& key, net::TargetPoolOptions options,
    Result<Settings> (*read)(const YamlFile&, const YamlNode&)) {
  YamlFields fields(deps.file, deps.settings, "collector " + options.collector);
  TRY_ASSIGN(const auto items, ReadNamedItems(fields, key));
  TRY(fields.Finish());
  std::vector<net::TargetSpec> targets;
  const auto add = [&](const YamlNode* item) -> Status {
    TRY_ASSIGN(Settings settings, read(deps.file, *item));
    net::TargetSpec spec;
    spec.name = settings.name;
    spec.key = KeyOf(*item);
    spec.timeout = settings.timeout;
    spec.make = [settings = std::move(settings)](net::Network& network) {
      return std::make_unique<ProgramTarget>(network, settings);
    };
    targets.push_back(std::move(spec));
    return Unit{};
  };
  for (const YamlNode* item : items) TRY(deps.file.Keep(add(item)));
  std::string nothing = options.collector + ": no " + key + " are configured";
  return std::unique_ptr<Collector>(std::make_unique<ProgramsCollector>(
      deps.network, std::move(options), std::move(targets), std::move(nothing)));
}

}  // namespace tocsin::plugin
