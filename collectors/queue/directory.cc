#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/path_glob.h"
#include "collectors/queue/directory_walk.h"
#include "collectors/queue/queue.h"
#include "collectors/queue/queue_shape.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUp{"queue_directory_up", MetricType::kGauge,
                         "Whether a directory of the queue could be opened."};
constexpr FamilySpec kBytes{"queue_directory_size_bytes", MetricType::kGauge,
                            "Size of the files that wait in the directory.", "bytes"};
constexpr FamilySpec kUnreadable{"queue_directory_unreadable_directories", MetricType::kGauge,
                                 "Directories of the queue that could not be read to their end."};
constexpr FamilySpec kComplete{
    "queue_directory_complete", MetricType::kGauge,
    "1 if the whole directory was counted in this round, 0 if it takes several."};

constexpr std::array kFamilies{
    shapes::kQueueDepth, shapes::kQueueOldest, kUp, kBytes, kUnreadable, kComplete};

/// How long a pattern's directories are believed.
constexpr seconds kExpandEvery{30};
/// Queues that one pattern without a name may make.
constexpr std::size_t kMaxDirectories = 1'000;
constexpr std::int64_t kMaxDepth = 64;  // each level holds a descriptor

/// An entry of `queues`.
struct Spool {
  std::string name;  // empty: each directory is a queue, called by its path
  std::string path;  // perhaps with wildcards
  DirectoryRules rules;
};

struct Queue {
  std::string name;
  DirectoryWalk walk;
};

class QueueDirectoryCollector final : public Collector {
 public:
  QueueDirectoryCollector(const HostFs& fs, std::vector<Spool> spools, std::size_t entries)
      : fs_(fs), spools_(std::move(spools)), entries_(entries) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (expand_.Due(round)) FindDirectories();
    names_.Clear();
    // What one huge queue leaves unread must not come from the others' share.
    const std::size_t share =
        std::max<std::size_t>(1, entries_ / std::max<std::size_t>(1, queues_.size()));
    for (Queue& queue : queues_) {
      const bool complete = queue.walk.Move(share, round.stop);
      Write(queue, complete, round.now, out);
    }
    return Unit{};
  }

 private:
  void FindDirectories() {
    struct Wanted {
      const std::string* name;
      const DirectoryRules* rules;
      std::vector<std::string> roots;
    };
    std::vector<Wanted> wanted;
    std::deque<std::string> names;
    for (const Spool& spool : spools_) {
      // Names are of the host's tree; roots are where this process sees it.
      std::vector<std::string> roots{fs_.RootPath(spool.path)};
      if (IsGlob(spool.path)) roots = ExpandGlob(fs_, roots.front());
      if (!spool.name.empty()) {
        wanted.push_back({&spool.name, &spool.rules, std::move(roots)});
        continue;
      }
      roots.resize(std::min(roots.size(), kMaxDirectories));
      for (std::string& root : roots) {
        names.push_back(IsGlob(spool.path) ? HostPath(root) : spool.path);
        wanted.push_back({&names.back(), &spool.rules, {std::move(root)}});
      }
    }
    // Queues that stay keep what they know.
    std::deque<Queue> queues;
    std::set<std::string_view> taken;
    for (Wanted& want : wanted) {
      if (!taken.insert(*want.name).second) continue;
      const auto old = std::find_if(queues_.begin(), queues_.end(),
                                    [&](const Queue& queue) { return queue.name == *want.name; });
      if (old != queues_.end()) {
        queues.push_back(std::move(*old));
      } else {
        queues.push_back({*want.name, DirectoryWalk(fs_, *want.rules)});
      }
      queues.back().walk.SetRoots(std::move(want.roots));
    }
    queues_ = std::move(queues);
  }

  /// What a path is called on the host.
  std::string HostPath(const std::string& root) const {
    const std::size_t prefix = fs_.RootPath("").size() - 1;
    return root.substr(prefix);
  }

  void Write(const Queue& queue, bool complete, WallTime now, FamilySink& out) {
    const LabelView label{"queue", queue.name};
    const bool up = queue.walk.Opened();
    out.Add(kUp, {label}, up ? 1 : 0);
    out.Add(kComplete, {label}, complete ? 1 : 0);
    const DirectoryCount& count = queue.walk.Known();
    out.Add(kUnreadable, {label}, static_cast<double>(count.unreadable));
    if (!up) return;
    const nanoseconds age = count.oldest ? now.time_since_epoch() - *count.oldest : nanoseconds(0);
    WriteQueue(queue.name,
               {.depth = static_cast<double>(count.files),
                .oldest_seconds = std::max(0.0, ToSeconds(age))},
               names_, out);
    out.Add(kBytes, {label}, static_cast<double>(count.bytes));
  }

  const HostFs& fs_;
  const std::vector<Spool> spools_;
  const std::size_t entries_;
  Every expand_{kExpandEvery};
  std::deque<Queue> queues_;
  SeenSet names_;
};

Result<std::vector<std::string>> ReadPatterns(YamlFields& fields) {
  const YamlNode* node = fields.Find("match");
  if (!node) return std::vector<std::string>{"*"};
  if (node->IsSequence()) return YamlStrings(fields.file(), *node);
  TRY_ASSIGN(std::string pattern, YamlString(fields.file(), *node));
  return std::vector<std::string>{std::move(pattern)};
}

Result<std::size_t> ReadDepth(YamlFields& fields) {
  TRY_ASSIGN(const bool recursive, fields.Read("recursive", YamlBool, false));
  TRY_ASSIGN(const std::size_t depth, fields.ReadCount("max_depth", 16, {1, kMaxDepth}));
  return recursive ? depth : 0;
}

Result<Spool> ReadSpool(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "queue");
  Spool spool;
  TRY_ASSIGN(spool.name, fields.Read("name", YamlString, ""));
  TRY_ASSIGN(spool.path, fields.ReadRequired("path", YamlString));
  if (!spool.path.starts_with('/')) {
    return file.At(*fields.Find("path"), "expected an absolute path");
  }
  TRY_ASSIGN(spool.rules.match, ReadPatterns(fields));
  TRY_ASSIGN(
      spool.rules.filter,
      ReadNameFilter(fields, {.include = "include", .exclude = "exclude", .both_allowed = true}));
  TRY_ASSIGN(spool.rules.max_depth, ReadDepth(fields));
  TRY_ASSIGN(spool.rules.hidden, fields.Read("hidden", YamlBool, false));
  TRY(fields.Finish());
  return spool;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector queue_directory");
  std::vector<Spool> spools;
  if (const YamlNode* node = settings.Find("queues")) {
    if (!node->IsSequence()) return deps.file.At(*node, "expected a list of queues");
    TRY(ReadItems(deps.file, *node, [&](const YamlNode& item) -> Status {
      TRY_ASSIGN(Spool spool, ReadSpool(deps.file, item));
      const auto same = [&](const Spool& other) {
        return spool.name.empty() ? other.name.empty() && other.path == spool.path
                                  : other.name == spool.name;
      };
      if (std::any_of(spools.begin(), spools.end(), same)) {
        return deps.file.At(item, "another queue has this name: give each its own");
      }
      spools.push_back(std::move(spool));
      return Unit{};
    }));
  }
  TRY_ASSIGN(const std::size_t entries,
             settings.ReadCount("entries_per_round", 50'000, {100, 10'000'000}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<QueueDirectoryCollector>(deps.fs, std::move(spools), entries));
}

}  // namespace

extern const CatalogEntry kQueueDirectoryCollector{
    .name = "queue_directory",
    .room = "queue",
    .on_by_default = true,
    .interval = seconds(15),
    .help = "Files that wait in directories that the settings name, and the age of the oldest.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
