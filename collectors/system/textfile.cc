#include <array>
#include <deque>
#include <map>
#include <optional>
#include <unordered_set>

#include "base/log.h"
#include "collectors/every.h"
#include "collectors/host_fs.h"
#include "collectors/path_glob.h"
#include "collectors/row_cache.h"
#include "collectors/system/system.h"
#include "collectors/system/textfile_file.h"
#include "metrics/labels.h"

namespace tocsin {
namespace {

constexpr FamilySpec kMtime{"node_textfile_mtime_seconds", MetricType::kGauge,
                            "Unixtime mtime of textfiles successfully read."};
constexpr FamilySpec kScrapeError{"node_textfile_scrape_error", MetricType::kGauge,
                                  "1 if there was an error opening or reading a file, 0 otherwise"};

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"textfile.directory", "directory",
     "Directory to read text files with metrics from (a list or a pattern with wildcards too).",
     ""},
}};

/// How long a pattern's directories are believed; a plain path is looked at every round.
constexpr seconds kExpandEvery{30};

/// The .prom files of one directory.
struct Directory {
  std::string path;
  std::unique_ptr<HostDir> names;
  RowCache<std::unique_ptr<TextfileFile>> files;
  std::size_t file_count = 0;
};

class TextfileCollector final : public Collector {
 public:
  TextfileCollector(const HostFs& fs, std::vector<std::string> patterns, milliseconds max_age)
      : fs_(fs), patterns_(std::move(patterns)), max_age_(max_age) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    FindDirectories(round);
    bool failed = false;
    bool changed = std::exchange(directories_changed_, false);
    for (Directory& directory : directories_) {
      const auto names = directory.names->List();
      failed |= !names.ok();
      changed |=
          RefreshFiles(directory, names ? *names : std::span<const std::string_view>{}, round.now);
    }
    if (changed) Merge();
    for (const Row& row : rows_) {
      out.AddSample(row.family->spec(), row.suffix, row.labels, row.value);
    }
    ForEachFile([&](const TextfileFile& file) {
      failed |= !file.ok();
      if (!file.readable()) return;
      const auto mtime = std::chrono::floor<seconds>(file.mtime());
      out.Add(kMtime, {{"file", file.path()}}, static_cast<double>(mtime.count()));
    });
    out.Add(kScrapeError, {}, failed || clash_ ? 1 : 0);
    return Unit{};
  }

 private:
  struct Row {
    const HostFamily* family;
    Suffix suffix;
    std::span<const LabelView> labels;
    double value;
  };

  template <class Visit>
  void ForEachFile(Visit&& visit) {
    for (Directory& directory : directories_) {
      for (std::size_t i = 0; i < directory.file_count; ++i) visit(FileAt(directory, i));
    }
  }

  static TextfileFile& FileAt(Directory& directory, std::size_t i) {
    return *directory.files.Get(i);
  }

  void FindDirectories(const RoundContext& round) {
    if (!expand_.Due(round) || (expanded_ && !any_glob_)) return;
    expanded_ = true;
    std::vector<std::string> paths;
    for (const std::string& pattern : patterns_) {
      std::vector<std::string> found;
      if (IsGlob(pattern)) {
        any_glob_ = true;
        found = ExpandGlob(fs_, pattern);
      }
      if (found.empty()) found = {pattern};
      paths.insert(paths.end(), found.begin(), found.end());
    }
    const bool same =
        std::equal(paths.begin(), paths.end(), directories_.begin(), directories_.end(),
                   [](const std::string& a, const Directory& b) { return a == b.path; });
    if (same) return;
    directories_.clear();
    for (std::string& path : paths) {
      auto names = fs_.Dir(path);
      directories_.push_back({std::move(path), std::move(names), {}, 0});
    }
    directories_changed_ = true;
  }

  /// True if any file came, went or was read again.
  bool RefreshFiles(Directory& directory, std::span<const std::string_view> names, WallTime now) {
    bool changed = false;
    std::size_t count = 0;
    for (const std::string_view name : names) {
      if (!name.ends_with(".prom")) continue;
      TextfileFile& file = *directory.files.At(count++, name, [&](std::string_view n) {
        const std::string slash = directory.path.ends_with('/') ? "" : "/";
        return std::make_unique<TextfileFile>(directory.path + slash + std::string(n), max_age_);
      });
      changed |= file.Refresh(fs_, now);
    }
    changed |= count != directory.file_count;
    directory.file_count = count;
    directory.files.Truncate(count);
    return changed;
  }

  /// Puts all files' samples together. Where two disagree about a metric the first file counts.
  void Merge() {
    families_.clear();
    rows_.clear();
    clash_ = false;
    std::map<std::string, HostFamily*, std::less<>> by_name;
    std::unordered_set<Labels, LabelsHash> seen;
    ForEachFile([&](const TextfileFile& file) {
      if (!file.ok()) return;
      std::vector<HostFamily*> merged;
      for (const exposition::ParsedFamily& parsed : file.families()) {
        merged.push_back(MergeFamily(parsed, file, by_name));
      }
      for (const TextfileFile::Sample& sample : file.samples()) {
        const HostFamily* family = merged[sample.family];
        if (!family) continue;
        Labels full = Labels(sample.labels)
                          .WithoutEmpty()
                          .With(kMetricName, family->name + std::string(SuffixText(sample.suffix)));
        if (!seen.insert(full).second) {
          Clash(file, full.ToString() + " is in another file already");
          continue;
        }
        rows_.push_back({family, sample.suffix, sample.labels, sample.value});
      }
    });
    for (HostFamily& family : families_) {
      if (family.help.empty()) family.help = "Metric read from " + sources_[&family];
    }
    sources_.clear();
  }

  /// The family that a file's family is part of, null if it does not go with the others'.
  HostFamily* MergeFamily(const exposition::ParsedFamily& parsed, const TextfileFile& file,
                          std::map<std::string, HostFamily*, std::less<>>& by_name) {
    if (parsed.name == kMtime.name || parsed.name == kScrapeError.name) {
      Clash(file, std::string(parsed.name) + " is the collector's own");
      return nullptr;
    }
    const auto found = by_name.find(parsed.name);
    if (found == by_name.end()) {
      HostFamily& family = families_.emplace_back(
          HostFamily{std::string(parsed.name), std::string(parsed.help), parsed.type});
      by_name.emplace(family.name, &family);
      sources_[&family] = file.path();
      return &family;
    }
    HostFamily& family = *found->second;
    if (family.type != parsed.type || family.help != parsed.help) {
      Clash(file, family.name + " has another type or help in another file");
      return nullptr;
    }
    sources_[&family] += ", " + file.path();
    return &family;
  }

  void Clash(const TextfileFile& file, const std::string& what) {
    if (!std::exchange(clash_, true)) {
      LogError("samples of a textfile are left out", {{"file", file.path()}, {"error", what}});
    }
  }

  const HostFs& fs_;
  const std::vector<std::string> patterns_;
  const milliseconds max_age_;
  bool any_glob_ = false;
  bool expanded_ = false;
  Every expand_{kExpandEvery};
  std::deque<Directory> directories_;
  bool directories_changed_ = true;

  std::deque<HostFamily> families_;
  std::map<const HostFamily*, std::string> sources_;  // only while merging
  std::vector<Row> rows_;
  bool clash_ = false;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector textfile");
  std::vector<std::string> patterns;
  if (const YamlNode* node = settings.Find("directory")) {
    if (node->IsSequence()) {
      TRY_ASSIGN(patterns, YamlStrings(deps.file, *node));
    } else {
      TRY_ASSIGN(std::string path, YamlString(deps.file, *node));
      if (!path.empty()) patterns.push_back(std::move(path));
    }
  }
  TRY_ASSIGN(const milliseconds max_age, settings.Read("max_age", YamlDuration, milliseconds(0)));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<TextfileCollector>(deps.fs, std::move(patterns), max_age));
}

}  // namespace

extern const CatalogEntry kTextfileCollector{
    .name = "textfile",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Metrics that scripts write to *.prom files, in the Prometheus text format.",
    .families = {},
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
