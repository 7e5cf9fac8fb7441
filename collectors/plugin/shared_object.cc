// Collectors in shared objects: collectors/plugin/tocsin_plugin.h.

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "collectors/plugin/foreign_settings.h"
#include "collectors/plugin/plugins.h"
#include "collectors/plugin/program.h"
#include "collectors/plugin/tocsin_plugin.h"
#include "collectors/seen_set.h"
#include "metrics/names.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxReason = 300;
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxText = 4'096;

constexpr FamilySpec kUp{"tocsin_shared_object_up", MetricType::kGauge,
                         "Whether the last round of a shared object succeeded."};

struct ObjectSettings {
  std::string name;
  std::string path;
  std::string config;
  std::size_t max_series = 10'000;
  plugin::LabelList labels;
};

/// A text of a plugin, cut where no sane one would be; nothing if it is null or no UTF-8.
std::optional<std::string_view> TextOf(const char* text) {
  if (!text) return std::nullopt;
  const std::string_view view(text, ::strnlen(text, kMaxText));
  return IsValidUtf8(view) ? std::optional(view) : std::nullopt;
}

/// What the objects of a round have exported: a series that stands twice, or a metric of two types,
/// would cost the whole round.
class ExportedSeries {
 public:
  void BeginRound() { seen_.Clear(); }

  bool IsNew(std::string_view name, std::span<const LabelView> labels) {
    sorted_.assign(labels.begin(), labels.end());
    std::sort(sorted_.begin(), sorted_.end());
    identity_ = name;
    for (const LabelView& label : sorted_) {
      identity_.append(1, '\xff').append(label.name).append(1, '\xff').append(label.value);
    }
    return seen_.Insert(identity_);
  }
  bool HasType(std::string_view name, MetricType type) {
    auto found = types_.find(name);
    if (found == types_.end()) found = types_.emplace(name, type).first;
    return found->second == type;
  }

 private:
  SeenSet seen_;
  std::map<std::string, MetricType, std::less<>> types_;  // bounded by the objects' max_series
  std::vector<LabelView> sorted_;
  std::string identity_;
};

/// One value kept until the plugin says that the round went well.
struct ObjectSample {
  std::string name;
  std::string help;
  MetricType type;
  std::vector<std::pair<std::string, std::string>> labels;
  double value;
};

/// What `context` of a tocsin_round stands for.
struct RoundOfObject {
  const ObjectSettings& settings;
  std::vector<ObjectSample>& samples;  // only the first `count` are of this round
  std::size_t count = 0;
  bool creating = false;
  std::string why;
};

MetricType TypeOf(int type) {
  if (type == TOCSIN_COUNTER) return MetricType::kCounter;
  return type == TOCSIN_GAUGE ? MetricType::kGauge : MetricType::kUnknown;
}

void Refuse(RoundOfObject& round, std::string why) {
  if (round.why.empty()) round.why = std::move(why);
}

bool SetLabels(RoundOfObject& round, const tocsin_label* labels, std::size_t count,
               ObjectSample& sample) {
  if (count > kMaxLabels || (count > 0 && !labels)) return false;
  sample.labels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = TextOf(labels[i].name);
    const auto value = TextOf(labels[i].value);
    if (!name || !value || !IsMetricName(*name) || name->find(':') != std::string_view::npos ||
        name->starts_with("__")) {
      return false;
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (sample.labels[k].first == *name) return false;
    }
    sample.labels[i].first = *name;
    sample.labels[i].second = *value;
  }
  for (const auto& configured : round.settings.labels) {
    const bool has = std::any_of(sample.labels.begin(), sample.labels.end(),
                                 [&](const auto& own) { return own.first == configured.first; });
    if (!has) sample.labels.push_back(configured);
  }
  return true;
}

extern "C" int TocsinPluginAdd(void* context, const tocsin_metric* metric,
                               const tocsin_label* labels, size_t label_count, double value) {
  auto& round = *static_cast<RoundOfObject*>(context);
  if (round.creating || !metric) {
    Refuse(round, "add() was called where it may not be, or without a metric");
    return 1;
  }
  const auto name = TextOf(metric->name);
  if (!name || !IsMetricName(*name)) {
    Refuse(round, "a metric has no valid name");
    return 1;
  }
  if (round.count == round.settings.max_series) {
    Refuse(round, "more than " + std::to_string(round.settings.max_series) + " series");
    return 1;
  }
  if (round.count == round.samples.size()) round.samples.emplace_back();
  ObjectSample& sample = round.samples[round.count];
  sample.name = *name;
  sample.help = TextOf(metric->help).value_or("");
  sample.type = TypeOf(metric->type);
  sample.value = value;
  if (!SetLabels(round, labels, label_count, sample)) {
    Refuse(round, "a label of " + sample.name + " is not valid");
    return 1;
  }
  ++round.count;
  return 0;
}

extern "C" void TocsinPluginFail(void* context, const char* why) {
  auto& round = *static_cast<RoundOfObject*>(context);
  Refuse(round, OneLine(TextOf(why).value_or("no reason that can be read"), kMaxReason));
}

/// One loaded object and its instance.
class SharedObject {
 public:
  static Result<std::unique_ptr<SharedObject>> Load(ObjectSettings settings) {
    TRY(plugin::CheckProgram(settings.path));
    auto object = std::unique_ptr<SharedObject>(new SharedObject(std::move(settings)));
    TRY(object->Open());
    return object;
  }

  ~SharedObject() {
    if (created_ && api_->destroy) api_->destroy(state_);
    // The object stays loaded: threads and exit handlers of it may outlive the instance.
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  const std::string& name() const { return settings_.name; }

  Status Collect(const RoundContext& round, ExportedSeries& exported, FamilySink& out) {
    RoundOfObject own{settings_, samples_, 0, false, {}};
    const tocsin_round face = FaceOf(own, ToSeconds(round.now), ToSeconds(TimeLeft(round)));
    const int result = api_->collect(state_, &face);
    if (result == TOCSIN_UNSUPPORTED && own.why.empty()) own.why = "it has no source here";
    if (result != TOCSIN_OK || !own.why.empty()) {
      const Errc code = result == TOCSIN_UNSUPPORTED ? Errc::kUnsupported : Errc::kIo;
      return Error{code, own.why.empty() ? "it failed without saying why" : own.why};
    }
    for (std::size_t i = 0; i < own.count; ++i) {
      const ObjectSample& sample = samples_[i];
      views_.clear();
      for (const auto& [name, value] : sample.labels) views_.push_back({name, value});
      if (!exported.HasType(sample.name, sample.type) || !exported.IsNew(sample.name, views_)) {
        return Error{Errc::kMalformed, sample.name + " stands twice, or has two types"};
      }
    }
    for (std::size_t i = 0; i < own.count; ++i) {
      const ObjectSample& sample = samples_[i];
      views_.clear();
      for (const auto& [name, value] : sample.labels) views_.push_back({name, value});
      out.Add({sample.name, sample.type, sample.help}, views_, sample.value);
    }
    return Unit{};
  }

 private:
  explicit SharedObject(ObjectSettings settings) : settings_(std::move(settings)) {}

  static nanoseconds TimeLeft(const RoundContext& round) {
    return std::max<nanoseconds>(round.deadline - std::chrono::steady_clock::now(), seconds(0));
  }

  static tocsin_round FaceOf(RoundOfObject& own, double now, double timeout) {
    return {sizeof(tocsin_round), now, timeout, &own, &TocsinPluginAdd, &TocsinPluginFail};
  }

  Status Open() {
    void* const handle = ::dlopen(settings_.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) return Error{Errc::kInvalid, ::dlerror()};
    api_ = static_cast<const tocsin_plugin*>(::dlsym(handle, TOCSIN_PLUGIN_SYMBOL));
    if (!api_) {
      return Error{Errc::kInvalid, settings_.path + " exports no symbol " TOCSIN_PLUGIN_SYMBOL
                                                    ": see tocsin_plugin.h"};
    }
    if (api_->abi != TOCSIN_PLUGIN_ABI) {
      return Error{Errc::kInvalid, settings_.path + " was built for plugin ABI " +
                                       std::to_string(api_->abi) + ", this agent has " +
                                       std::to_string(TOCSIN_PLUGIN_ABI) +
                                       ": build it again with this agent's tocsin_plugin.h"};
    }
    if (api_->size < sizeof(tocsin_plugin) || !api_->collect) {
      return Error{Errc::kInvalid, settings_.path + " has no complete struct tocsin_plugin"};
    }
    if (api_->create) {
      RoundOfObject own{settings_, samples_, 0, true, {}};
      const tocsin_round face = FaceOf(own, 0, 0);
      state_ = api_->create(settings_.config.c_str(), &face);
      if (!state_) {
        return Error{Errc::kInvalid,
                     settings_.path + ": " + (own.why.empty() ? "create() failed" : own.why)};
      }
    }
    created_ = true;
    return Unit{};
  }

  const ObjectSettings settings_;
  const tocsin_plugin* api_ = nullptr;
  void* state_ = nullptr;
  bool created_ = false;
  std::vector<ObjectSample> samples_;  // their memory is used again
  std::vector<LabelView> views_;
};

/// Loads in the first round, not when it is made: checking a configuration must run nobody's code.
class SharedObjectCollector final : public Collector {
 public:
  explicit SharedObjectCollector(std::vector<ObjectSettings> objects)
      : settings_(std::move(objects)), objects_(settings_.size()), errors_(settings_.size()) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (settings_.empty()) {
      return Error{Errc::kUnsupported, "shared_object: no objects are configured"};
    }
    exported_.BeginRound();
    for (std::size_t i = 0; i < settings_.size(); ++i) {
      const Status status = CollectOne(i, round, out);
      Tell(i, status);
      out.Add(kUp, {{"object", settings_[i].name}}, status.ok() ? 1 : 0);
    }
    return Unit{};
  }

 private:
  Status CollectOne(std::size_t i, const RoundContext& round, FamilySink& out) {
    if (!objects_[i]) {
      TRY_ASSIGN(objects_[i], SharedObject::Load(settings_[i]));
    }
    return objects_[i]->Collect(round, exported_, out);
  }

  /// Once a change.
  void Tell(std::size_t i, const Status& status) {
    const std::string error = status ? "" : status.error().message();
    if (error == errors_[i]) return;
    errors_[i] = error;
    if (!error.empty() && status.error().code() != Errc::kUnsupported) {
      LogWarn("a shared object failed", {{"object", settings_[i].name}, {"error", error}});
    }
  }

  const std::vector<ObjectSettings> settings_;
  std::vector<std::unique_ptr<SharedObject>> objects_;
  std::vector<std::string> errors_;
  ExportedSeries exported_;
};

Result<ObjectSettings> ReadObject(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "shared object");
  ObjectSettings settings;
  TRY_ASSIGN(settings.path, fields.ReadRequired("path", YamlString));
  if (!settings.path.starts_with('/')) {
    return file.At(*fields.Find("path"), "the path of a shared object is absolute");
  }
  TRY_ASSIGN(settings.name, fields.Read("name", YamlString, settings.path));
  TRY_ASSIGN(settings.config, fields.Read("config", YamlString, ""));
  TRY_ASSIGN(settings.max_series, plugin::ReadBound(fields, "max_series", settings.max_series));
  TRY_ASSIGN(settings.labels, plugin::ReadLabels(fields));
  TRY(fields.Finish());
  return settings;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector shared_object");
  TRY_ASSIGN(const auto items, plugin::ReadNamedItems(fields, "objects"));
  TRY(fields.Finish());
  std::vector<ObjectSettings> objects;
  for (const YamlNode* item : items) {
    auto settings = ReadObject(deps.file, *item);
    if (settings) {
      objects.push_back(*std::move(settings));
    } else {
      TRY(deps.file.Keep(std::move(settings).error()));
    }
  }
  return std::unique_ptr<Collector>(std::make_unique<SharedObjectCollector>(std::move(objects)));
}

}  // namespace

extern const CatalogEntry kSharedObjectCollector{
    .name = "shared_object",
    .room = "plugin",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Metrics of collectors in shared objects, by the C interface of tocsin_plugin.h.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
