#include <array>
#include <optional>
#include <string>

#include "base/parse.h"
#include "collectors/every.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/row_cache.h"
#include "collectors/source.h"
#include "collectors/system/system.h"
#include "collectors/system/udev.h"

namespace tocsin {
namespace {

enum class Measure : std::uint8_t { kPlain, kSectors, kMilliseconds };

/// The columns of /proc/diskstats after major, minor and name.
struct Column {
  FamilySpec family;
  Measure measure;
};
constexpr std::array<Column, 17> kColumns{{
    {{"node_disk_reads_completed_total", MetricType::kCounter,
      "The total number of reads completed successfully."},
     Measure::kPlain},
    {{"node_disk_reads_merged_total", MetricType::kCounter, "The total number of reads merged."},
     Measure::kPlain},
    {{"node_disk_read_bytes_total", MetricType::kCounter,
      "The total number of bytes read successfully."},
     Measure::kSectors},
    {{"node_disk_read_time_seconds_total", MetricType::kCounter,
      "The total number of seconds spent by all reads."},
     Measure::kMilliseconds},
    {{"node_disk_writes_completed_total", MetricType::kCounter,
      "The total number of writes completed successfully."},
     Measure::kPlain},
    {{"node_disk_writes_merged_total", MetricType::kCounter, "The number of writes merged."},
     Measure::kPlain},
    {{"node_disk_written_bytes_total", MetricType::kCounter,
      "The total number of bytes written successfully."},
     Measure::kSectors},
    {{"node_disk_write_time_seconds_total", MetricType::kCounter,
      "This is the total number of seconds spent by all writes."},
     Measure::kMilliseconds},
    {{"node_disk_io_now", MetricType::kGauge, "The number of I/Os currently in progress."},
     Measure::kPlain},
    {{"node_disk_io_time_seconds_total", MetricType::kCounter, "Total seconds spent doing I/Os."},
     Measure::kMilliseconds},
    {{"node_disk_io_time_weighted_seconds_total", MetricType::kCounter,
      "The weighted # of seconds spent doing I/Os."},
     Measure::kMilliseconds},
    {{"node_disk_discards_completed_total", MetricType::kCounter,
      "The total number of discards completed successfully."},
     Measure::kPlain},
    {{"node_disk_discards_merged_total", MetricType::kCounter,
      "The total number of discards merged."},
     Measure::kPlain},
    {{"node_disk_discarded_sectors_total", MetricType::kCounter,
      "The total number of sectors discarded successfully."},
     Measure::kPlain},
    {{"node_disk_discard_time_seconds_total", MetricType::kCounter,
      "This is the total number of seconds spent by all discards."},
     Measure::kMilliseconds},
    {{"node_disk_flush_requests_total", MetricType::kCounter,
      "The total number of flush requests completed successfully"},
     Measure::kPlain},
    {{"node_disk_flush_requests_time_seconds_total", MetricType::kCounter,
      "This is the total number of seconds spent by all flush requests."},
     Measure::kMilliseconds},
}};
/// What kernels before 2.6.25 print of a partition has fewer, with another meaning.
constexpr std::size_t kMinColumns = 11;

constexpr double kSectorBytes = 512;  // whatever the device's own sectors are
constexpr double kSecondsPerTick = 1.0 / 1000.0;

constexpr FamilySpec kInfo{"node_disk_info", MetricType::kGauge,
                           "Info of /sys/block/<block_device>."};
constexpr FamilySpec kFilesystemInfo{"node_disk_filesystem_info", MetricType::kGauge,
                                     "Info about disk filesystem."};
constexpr FamilySpec kMapperInfo{"node_disk_device_mapper_info", MetricType::kGauge,
                                 "Info about disk device mapper."};
struct AtaProperty {
  FamilySpec family;
  std::string_view udev;
};
constexpr std::array<AtaProperty, 3> kAta{{
    {{"node_disk_ata_write_cache", MetricType::kGauge, "ATA disk has a write cache."},
     "ID_ATA_WRITE_CACHE"},
    {{"node_disk_ata_write_cache_enabled", MetricType::kGauge,
      "ATA disk has its write cache enabled."},
     "ID_ATA_WRITE_CACHE_ENABLED"},
    {{"node_disk_ata_rotation_rate_rpm", MetricType::kGauge,
      "ATA disk rotation rate in RPMs (0 for SSDs)."},
     "ID_ATA_ROTATION_RATE_RPM"},
}};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kColumns.size() + kAta.size() + 3> families{};
  std::size_t i = 0;
  for (const Column& column : kColumns) families[i++] = column.family;
  for (const AtaProperty& property : kAta) families[i++] = property.family;
  families[i++] = kInfo;
  families[i++] = kFilesystemInfo;
  families[i++] = kMapperInfo;
  return families;
}();

constexpr std::string_view kDefaultExclude = R"(^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
constexpr std::array<CollectorFlag, 2> kFlags{{
    {"diskstats.device-exclude", "device_exclude",
     "Regexp of diskstats devices to exclude (mutually exclusive to device-include).",
     kDefaultExclude},
    {"diskstats.device-include", "device_include",
     "Regexp of diskstats devices to include (mutually exclusive to device-exclude).", ""},
}};

/// udev learns of a new filesystem or a renamed volume long after the device appeared.
constexpr seconds kUdevPeriod(15);

struct Disk {
  Disk(const HostFs& fs, std::string_view major_number, std::string_view minor_number, bool keep)
      : kept(keep),
        major(major_number),
        minor(minor_number),
        udev(fs, major_number, minor_number) {}

  bool kept;
  std::string major;
  std::string minor;
  UdevProperties udev;
  // What udev says, picked out of its file once. Empty: not said.
  std::string path, wwn, model, serial, revision;
  std::string fs_type, fs_usage, fs_uuid, fs_version;
  std::string dm_name, dm_uuid, dm_vg, dm_lv, dm_layer;
  std::array<std::optional<double>, kAta.size()> ata;

  void PickProperties() {
    path = udev.Get("ID_PATH");
    wwn = udev.Get("ID_WWN");
    model = udev.Get("ID_MODEL");
    revision = udev.Get("ID_REVISION");
    serial = udev.Get("ID_SERIAL_SHORT");
    fs_type = udev.Get("ID_FS_TYPE");
    fs_usage = udev.Get("ID_FS_USAGE");
    fs_uuid = udev.Get("ID_FS_UUID");
    fs_version = udev.Get("ID_FS_VERSION");
    dm_name = udev.Get("DM_NAME");
    dm_uuid = udev.Get("DM_UUID");
    dm_vg = udev.Get("DM_VG_NAME");
    dm_lv = udev.Get("DM_LV_NAME");
    dm_layer = udev.Get("DM_LV_LAYER");
    const bool is_ata = !udev.Get("ID_ATA").empty();
    for (std::size_t i = 0; i < kAta.size(); ++i) {
      ata[i] = is_ata ? ParseDouble(udev.Get(kAta[i].udev)) : std::nullopt;
    }
  }
};

class DiskstatsCollector final : public Collector {
 public:
  DiskstatsCollector(const HostFs& fs, NameFilter filter)
      : fs_(fs),
        file_(fs.File(fs.ProcPath("diskstats"))),
        filter_(std::move(filter)),
        udev_due_(kUdevPeriod) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    const bool udev_due = udev_due_.Due(round);
    std::size_t row = 0;
    while (!text.empty()) {
      std::string_view line = TakeLine(text);
      const std::string_view major = TakeField(line);
      const std::string_view minor = TakeField(line);
      const std::string_view name = TakeField(line);
      if (name.empty()) return MalformedText("diskstats", "major, minor and name", major);
      // Name and numbers together tell a device: the three stand next to each other in the text.
      const std::string_view key(major.data(),
                                 static_cast<std::size_t>(name.end() - major.begin()));
      bool is_new = false;
      Disk& disk = disks_.At(row++, key, [&](std::string_view) {
        is_new = true;
        return Disk(fs_, major, minor, filter_.Keeps(name));
      });
      if (!disk.kept) continue;
      if ((is_new || udev_due) && disk.udev.Refresh(fs_, buffer_)) disk.PickProperties();
      TRY(AddDisk(name, line, disk, out));
    }
    disks_.Truncate(row);
    return Unit{};
  }

 private:
  static Status AddDisk(std::string_view name, std::string_view columns, const Disk& disk,
                        FamilySink& out) {
    std::array<double, kColumns.size()> values{};
    std::size_t count = 0;
    for (; count < values.size(); ++count) {
      const std::string_view field = TakeField(columns);
      if (field.empty()) break;
      const auto value = ParseInt<std::uint64_t>(field);
      if (!value) return MalformedText("diskstats", "numbers of a device", field);
      values[count] = static_cast<double>(*value);
    }
    if (count < kMinColumns) return Unit{};
    out.Add(kInfo,
            {{"device", name},
             {"major", disk.major},
             {"minor", disk.minor},
             {"model", disk.model},
             {"path", disk.path},
             {"revision", disk.revision},
             {"serial", disk.serial},
             {"wwn", disk.wwn}},
            1);
    for (std::size_t i = 0; i < count; ++i) {
      const Measure measure = kColumns[i].measure;
      const double factor = measure == Measure::kSectors        ? kSectorBytes
                            : measure == Measure::kMilliseconds ? kSecondsPerTick
                                                                : 1;
      out.Add(kColumns[i].family, {{"device", name}}, values[i] * factor);
    }
    AddProperties(name, disk, out);
    return Unit{};
  }

  static void AddProperties(std::string_view name, const Disk& disk, FamilySink& out) {
    if (!disk.fs_type.empty()) {
      out.Add(kFilesystemInfo,
              {{"device", name},
               {"type", disk.fs_type},
               {"usage", disk.fs_usage},
               {"uuid", disk.fs_uuid},
               {"version", disk.fs_version}},
              1);
    }
    if (!disk.dm_name.empty()) {
      out.Add(kMapperInfo,
              {{"device", name},
               {"lv_layer", disk.dm_layer},
               {"lv_name", disk.dm_lv},
               {"name", disk.dm_name},
               {"uuid", disk.dm_uuid},
               {"vg_name", disk.dm_vg}},
              1);
    }
    for (std::size_t i = 0; i < kAta.size(); ++i) {
      if (disk.ata[i]) out.Add(kAta[i].family, {{"device", name}}, *disk.ata[i]);
    }
  }

  const HostFs& fs_;
  std::unique_ptr<HostFile> file_;
  const NameFilter filter_;
  Every udev_due_;
  std::string buffer_;
  RowCache<Disk> disks_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector diskstats");
  TRY_ASSIGN(NameFilter filter, ReadNameFilter(settings, {.include = "device_include",
                                                          .exclude = "device_exclude",
                                                          .default_exclude = kDefaultExclude}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<DiskstatsCollector>(deps.fs, std::move(filter)));
}

}  // namespace

extern const CatalogEntry kDiskstatsCollector{
    .name = "diskstats",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Reads, writes and times of each block device, from /proc/diskstats and udev.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
