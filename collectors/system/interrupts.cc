#include <array>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_interrupts_total", MetricType::kCounter, "Interrupt details."},
}};

class InterruptsCollector final : public Collector {
 public:
  explicit InterruptsCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("interrupts"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    TRY(ReadHeader(TakeLine(text)));
    std::size_t row = 0;
    while (!text.empty()) {
      const std::string_view line = TakeLine(text);
      // On arm64 nothing may stand between the colon and the first count.
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      TRY(AddInterrupt(Trim(line.substr(0, colon)), line.substr(colon + 1), row, out));
    }
    interrupts_.Truncate(row);
    return Unit{};
  }

 private:
  struct Interrupt {
    std::string name;
    std::string info;
    std::string devices;
  };

  /// "CPU0 CPU2 …": the CPUs that are online.
  Status ReadHeader(std::string_view header) {
    cpus_.clear();
    for (auto cpu = TakeField(header); !cpu.empty(); cpu = TakeField(header)) {
      if (!cpu.starts_with("CPU")) return MalformedText("interrupts", "a line of CPUs", cpu);
      cpus_.push_back(cpu.substr(3));
    }
    if (cpus_.empty()) return MalformedText("interrupts", "a line of CPUs", {});
    return Unit{};
  }

  Status AddInterrupt(std::string_view name, std::string_view columns, std::size_t& row,
                      FamilySink& out) {
    counts_.clear();
    while (counts_.size() < cpus_.size()) {
      const std::string_view field = TakeField(columns);
      const auto count = ParseInt<std::uint64_t>(field);
      // ERR and MIS have one count for all CPUs and no description.
      if (!count) return Unit{};
      counts_.push_back(static_cast<double>(*count));
    }
    const std::string_view description = Trim(columns);
    if (description.empty()) return Unit{};
    const auto make = [&](std::string_view d) { return Describe(name, d); };
    Interrupt& interrupt = interrupts_.At(row++, description, make);
    if (interrupt.name != name) interrupt = Describe(name, description);
    for (std::size_t i = 0; i < cpus_.size(); ++i) {
      out.Add(kFamilies[0],
              {{"cpu", cpus_[i]},
               {"devices", interrupt.devices},
               {"info", interrupt.info},
               {"type", interrupt.name}},
              counts_[i]);
    }
    return Unit{};
  }

  /// A numbered interrupt has a chip and then devices, any other a sentence.
  static Interrupt Describe(std::string_view name, std::string_view description) {
    Interrupt interrupt{std::string(name), {}, {}};
    const bool numbered = ParseInt<std::uint32_t>(name).has_value();
    if (numbered) interrupt.info = TakeField(description);
    std::string& words = numbered ? interrupt.devices : interrupt.info;
    for (auto word = TakeField(description); !word.empty(); word = TakeField(description)) {
      if (!words.empty()) words += ' ';
      words += word;
    }
    return interrupt;
  }

  std::unique_ptr<HostFile> file_;
  std::vector<std::string_view> cpus_;  // into the text of this round
  std::vector<double> counts_;
  RowCache<Interrupt> interrupts_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<InterruptsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kInterruptsCollector{
    .name = "interrupts",
    .room = "system",
    .on_by_default = false,
    .interval = seconds(5),
    .help = "Interrupts by CPU and source, from /proc/interrupts.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
