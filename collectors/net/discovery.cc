#include "collectors/net/discovery.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/log.h"
#include "base/mutex.h"
#include "base/outgoing/http_config.h"
#include "collectors/net/dns_query.h"
#include "collectors/net/network.h"
#include "collectors/path_glob.h"
#include "collectors/response/probe/dns_names.h"

namespace tocsin::net {
namespace {

constexpr FamilySpec kUp{"tocsin_discovery_up", MetricType::kGauge,
                         "Whether a source of targets could be read last time."};
constexpr FamilySpec kTargets{"tocsin_discovery_targets", MetricType::kGauge,
                              "Targets that a source names."};

/// As Prometheus's dns_sd_configs.
constexpr seconds kAskEvery{30};
/// How long a pattern's files are believed; each file is looked at every round.
constexpr seconds kExpandEvery{15};

using TargetList = std::vector<DiscoveredTarget>;

/// Said once a change, not every round.
class Complaints {
 public:
  void Set(const std::string& source, const std::string& error) {
    if (error == last_) return;
    last_ = error;
    if (!error.empty()) {
      LogWarn("targets stay as they were: a source cannot be read",
              {{"source", source}, {"error", error}});
    }
  }
  bool any() const { return !last_.empty(); }

 private:
  std::string last_;
};

struct FileSource {
  Complaints complaints;
  TargetList targets;
  std::optional<FileStatus> seen;

  void Refresh(const HostFs& fs, const std::string& path) {
    const auto status = fs.Stat(path);
    if (status && seen && status->mtime == seen->mtime && status->bytes == seen->bytes &&
        status->inode == seen->inode) {
      return;
    }
    if (!status) {
      seen.reset();
      if (status.error().code() == Errc::kNotFound) targets.clear();
      complaints.Set(path, status.error().message());
      return;
    }
    const auto text = fs.Read(path);
    seen.reset();
    if (text) seen = *status;  // else it is read again, though it does not change
    auto parsed = text ? ParseTargetFile(*text, path) : Result<TargetList>(text.error());
    complaints.Set(path, parsed ? "" : parsed.error().message());
    if (parsed) targets = *std::move(parsed);
  }
};

/// Shared with the loop, on which the query lives.
struct SrvAnswer {
  Mutex mutex;
  std::optional<Result<std::vector<SrvRecord>>> answer GUARDED_BY(mutex);
  std::unique_ptr<SrvQuery> query;  // loop thread only
};

struct SrvSource {
  std::string name;
  std::vector<Address> servers;  // empty: the system's
  Complaints complaints;
  TargetList targets;
  bool asking = false;
  std::optional<MonoTime> asked_at;
  std::shared_ptr<SrvAnswer> shared = std::make_shared<SrvAnswer>();

  void Refresh(Loop& loop, MonoTime now) {
    TakeAnswer();
    if (asking || (asked_at && now - *asked_at < kAskEvery)) return;
    asking = true;
    asked_at = now;
    loop.Post([&loop, its = shared, its_name = name,
               its_servers = servers.empty() ? SystemNameServers() : servers] {
      const auto done = [its](Result<std::vector<SrvRecord>> records) {
        {
          const MutexLock lock(its->mutex);
          its->answer = std::move(records);
        }
        its->query.reset();
      };
      its->query = std::make_unique<SrvQuery>(loop, its_name, its_servers, done);
    });
  }

  void TakeAnswer() {
    std::optional<Result<std::vector<SrvRecord>>> answer;
    {
      const MutexLock lock(shared->mutex);
      answer.swap(shared->answer);
    }
    if (!answer) return;
    asking = false;
    complaints.Set(name, answer->ok() ? "" : answer->error().message());
    if (!answer->ok()) return;
    targets.clear();
    for (const SrvRecord& record : **answer) {
      targets.push_back({record.host + ":" + std::to_string(record.port), {}});
    }
    // Name servers shuffle.
    std::sort(targets.begin(), targets.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
  }
};

Status ReadStatic(const YamlFile& file, const YamlNode& list, TargetList& targets) {
  if (!list.IsSequence()) {
    return file.At(list, "expected a list of addresses or of { targets: […], labels: {…} }");
  }
  return ReadItems(file, list, [&](const YamlNode& item) -> Status {
    if (!item.IsMap()) {
      TRY_ASSIGN(std::string address, YamlString(file, item));
      targets.push_back({std::move(address), {}});
      return Unit{};
    }
    YamlFields group(file, item, "target group");
    TRY_ASSIGN(const auto addresses, group.ReadRequired("targets", YamlStrings));
    std::vector<std::pair<std::string, std::string>> labels;
    if (const YamlNode* map = group.Find("labels")) {
      if (!map->IsMap()) return file.At(*map, "expected a map of label names to values");
      for (const auto& [name, value] : map->entries) {
        TRY_ASSIGN(std::string text, YamlString(file, *value));
        labels.emplace_back(name->scalar, std::move(text));
      }
    }
    TRY(group.Finish());
    for (const std::string& address : addresses) targets.push_back({address, labels});
    return Unit{};
  });
}

Result<SrvSource> ReadSrv(const YamlFile& file, const YamlNode& node) {
  SrvSource source;
  if (node.IsMap()) {
    YamlFields fields(file, node, "DNS name");
    TRY_ASSIGN(source.name, fields.ReadRequired("name", YamlString));
    if (const YamlNode* server = fields.Find("server")) {
      TRY_ASSIGN(const std::string text, YamlString(file, *server));
      const auto address = ParseServerAddress(text);
      if (!address) return file.At(*server, address.error().message());
      source.servers.push_back(*address);
    }
    TRY(fields.Finish());
  } else {
    TRY_ASSIGN(source.name, YamlString(file, node));
  }
  if (!probe::IsDnsName(source.name)) {
    return file.At(node, "\"" + source.name + "\" is no domain name");
  }
  return source;
}

}  // namespace

struct Discovery::State {
  State(Network& its_network, const HostFs& its_fs) : network(its_network), fs(its_fs) {}

  void FindFiles(MonoTime now) {
    if (expanded_at && now - *expanded_at < kExpandEvery) return;
    expanded_at = now;
    std::map<std::string, FileSource> found;
    for (const std::string& pattern : patterns) {
      std::vector<std::string> paths{pattern};
      if (IsGlob(pattern)) paths = ExpandGlob(fs, pattern);
      for (const std::string& path : paths) {
        const auto old = files.find(path);
        if (found.contains(path)) continue;
        found.emplace(path, old == files.end() ? FileSource{} : std::move(old->second));
      }
    }
    files = std::move(found);
  }

  Network& network;
  const HostFs& fs;
  TargetList configured;
  std::vector<std::string> patterns;
  std::map<std::string, FileSource> files;
  std::optional<MonoTime> expanded_at;
  std::vector<SrvSource> names;
  TargetList targets;
  bool first = true;
};

Discovery::Discovery(std::unique_ptr<State> state) : state_(std::move(state)) {}

Discovery::~Discovery() {
  for (const SrvSource& source : state_->names) {
    if (!source.asked_at) continue;
    state_->network.loop().Post([its = source.shared] { its->query.reset(); });
  }
}

Result<std::unique_ptr<Discovery>> Discovery::Read(Network& network, const HostFs& fs,
                                                   YamlFields& fields) {
  TRY_ASSIGN(auto discovery, ReadSources(network, fs, fields));
  if (const YamlNode* list = fields.Find("targets")) {
    TRY(ReadStatic(fields.file(), *list, discovery->state_->configured));
  }
  return discovery;
}

Result<std::unique_ptr<Discovery>> Discovery::ReadSources(Network& network, const HostFs& fs,
                                                          YamlFields& fields) {
  const YamlFile& file = fields.file();
  auto state = std::make_unique<State>(network, fs);
  if (const YamlNode* list = fields.Find("file_sd")) {
    TRY_ASSIGN(const auto patterns, YamlStrings(file, *list));
    for (const std::string& pattern : patterns) {
      if (!pattern.ends_with(".json") && !pattern.ends_with(".yml") &&
          !pattern.ends_with(".yaml")) {
        TRY(file.Keep(
            file.At(*list, "a file_sd path ends with .json, .yml or .yaml (\"" + pattern + "\")")));
      }
      state->patterns.push_back(outgoing::ResolvePath(file, pattern));
    }
  }
  if (const YamlNode* list = fields.Find("dns_srv")) {
    if (!list->IsSequence()) return file.At(*list, "expected a list of domain names");
    TRY(ReadItems(file, *list, [&](const YamlNode& item) -> Status {
      TRY_ASSIGN(SrvSource source, ReadSrv(file, item));
      state->names.push_back(std::move(source));
      return Unit{};
    }));
  }
  return std::unique_ptr<Discovery>(new Discovery(std::move(state)));
}

bool Discovery::empty() const {
  return state_->configured.empty() && state_->patterns.empty() && state_->names.empty();
}

bool Discovery::Refresh(MonoTime now) {
  state_->FindFiles(now);
  TargetList targets = state_->configured;
  for (auto& [path, source] : state_->files) {
    source.Refresh(state_->fs, path);
    targets.insert(targets.end(), source.targets.begin(), source.targets.end());
  }
  for (SrvSource& source : state_->names) {
    source.Refresh(state_->network.loop(), now);
    targets.insert(targets.end(), source.targets.begin(), source.targets.end());
  }
  if (!std::exchange(state_->first, false) && targets == state_->targets) return false;
  state_->targets = std::move(targets);
  return true;
}

const std::vector<DiscoveredTarget>& Discovery::targets() const { return state_->targets; }

void Discovery::Write(std::string_view collector, FamilySink& out) const {
  const auto write = [&](std::string_view source, bool up, std::size_t targets) {
    out.Add(kUp, {{"collector", collector}, {"source", source}}, up ? 1 : 0);
    out.Add(kTargets, {{"collector", collector}, {"source", source}}, static_cast<double>(targets));
  };
  for (const auto& [path, source] : state_->files) {
    write(path, !source.complaints.any(), source.targets.size());
  }
  for (const SrvSource& source : state_->names) {
    write(source.name, !source.complaints.any(), source.targets.size());
  }
}

}  // namespace tocsin::net
