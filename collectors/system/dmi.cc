#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 1> kFamilies{{
    {"node_dmi_info", MetricType::kGauge,
     "A metric with a constant '1' value labeled by bios_date, bios_release, bios_vendor, "
     "bios_version, board_asset_tag, board_name, board_serial, board_vendor, board_version, "
     "chassis_asset_tag, chassis_serial, chassis_vendor, chassis_version, product_family, "
     "product_name, product_serial, product_sku, product_uuid, product_version, system_vendor if "
     "provided by DMI."},
}};

/// The labels, each named as its file but one.
constexpr std::array<std::string_view, 20> kLabels{
    "bios_date",      "bios_release",   "bios_vendor",     "bios_version",    "board_asset_tag",
    "board_name",     "board_serial",   "board_vendor",    "board_version",   "chassis_asset_tag",
    "chassis_serial", "chassis_vendor", "chassis_version", "product_family",  "product_name",
    "product_serial", "product_sku",    "product_uuid",    "product_version", "system_vendor"};

constexpr std::string_view FileOf(std::string_view label) {
  return label == "system_vendor" ? "sys_vendor" : label;
}

/// Firmware may hold anything: each run of bytes that is no UTF-8 becomes one U+FFFD.
std::string Readable(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const std::string valid = ToValidUtf8(text);
  std::string out;
  for (std::size_t i = 0; i < valid.size();) {
    const bool replaced = valid.compare(i, kReplacement.size(), kReplacement) == 0;
    const bool follows_one = out.ends_with(kReplacement);
    const std::size_t length = replaced ? kReplacement.size() : 1;
    if (!replaced || !follows_one) out.append(valid, i, length);
    i += length;
  }
  return out;
}

class DmiCollector final : public Collector {
 public:
  explicit DmiCollector(const HostFs& fs) : fs_(fs) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    if (values_.empty()) TRY(ReadAll());
    labels_.clear();
    for (const Value& value : values_) labels_.push_back({value.label, value.text});
    out.Add(kFamilies[0], labels_, 1);
    return Unit{};
  }

 private:
  struct Value {
    std::string_view label;
    std::string text;
  };

  /// Read once: firmware's tables do not change while the host runs.
  Status ReadAll() {
    const std::string folder = fs_.SysPath("class/dmi/id/");
    if (!fs_.Exists(folder)) return Error{Errc::kUnsupported, folder + ": no DMI information"};
    std::string buffer;
    bool any = false;
    for (const std::string_view label : kLabels) {
      const RawRead read = fs_.ReadInto(folder + std::string(FileOf(label)), buffer);
      any |= read || read.error == EACCES;
      // Serial numbers are for root only.
      if (read) values_.push_back({label, Readable(Trim(read.text))});
    }
    if (!any) return Error{Errc::kUnsupported, folder + ": no DMI information"};
    return Unit{};
  }

  const HostFs& fs_;
  std::vector<Value> values_;
  std::vector<LabelView> labels_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<DmiCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kDmiCollector{
    .name = "dmi",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(60),
    .help =
        "Names and serial numbers that the firmware gives of the machine, from /sys/class/dmi/id.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
