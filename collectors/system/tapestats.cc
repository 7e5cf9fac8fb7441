#include <array>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/device_dir.h"
#include "collectors/filter.h"
#include "collectors/host_fs.h"
#include "collectors/small_file.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 10> kFamilies{{
    {"node_tape_io_now", MetricType::kGauge,
     "The number of I/Os currently outstanding to this device."},
    {"node_tape_io_time_seconds_total", MetricType::kCounter,
     "The amount of time spent waiting for all I/O to complete (including read and write). This "
     "includes tape movement commands such as seeking between file or set marks and implicit tape "
     "movement such as when rewind on close tape devices are used."},
    {"node_tape_io_others_total", MetricType::kCounter,
     "The number of I/Os issued to the tape drive other than read or write commands. The time "
     "taken to complete these commands uses the following calculation "
     "io_time_seconds_total-read_time_seconds_total-write_time_seconds_total"},
    {"node_tape_read_bytes_total", MetricType::kCounter,
     "The number of bytes read from the tape drive."},
    {"node_tape_reads_completed_total", MetricType::kCounter,
     "The number of read requests issued to the tape drive."},
    {"node_tape_read_time_seconds_total", MetricType::kCounter,
     "The amount of time spent waiting for read requests to complete."},
    {"node_tape_residual_total", MetricType::kCounter,
     "The number of times during a read or write we found the residual amount to be non-zero. This "
     "should mean that a program is issuing a read larger thean the block size on tape. For write "
     "not all data made it to tape."},
    {"node_tape_written_bytes_total", MetricType::kCounter,
     "The number of bytes written to the tape drive."},
    {"node_tape_writes_completed_total", MetricType::kCounter,
     "The number of write requests issued to the tape drive."},
    {"node_tape_write_time_seconds_total", MetricType::kCounter,
     "The amount of time spent waiting for write requests to complete."},
}};

/// The file below stats/ that is kFamilies[i]; those ending with _ns are nanoseconds.
constexpr std::array<std::string_view, kFamilies.size()> kFiles{
    "in_flight", "io_ns",     "other_cnt",      "read_byte_cnt", "read_cnt",
    "read_ns",   "resid_cnt", "write_byte_cnt", "write_cnt",     "write_ns",
};

constexpr std::string_view kDefaultIgnored = "^$";

constexpr std::array<CollectorFlag, 1> kFlags{{
    {"tapestats.ignored-devices", "ignored_devices", "Regexp of devices to ignore for tapestats.",
     kDefaultIgnored},
}};

/// The paths of a drive's files; empty if it is not collected.
using Drive = std::vector<std::string>;

class TapestatsCollector final : public Collector {
 public:
  TapestatsCollector(const HostFs& fs, NameFilter drives)
      : filter_(std::move(drives)), files_(fs), drives_(fs, fs.SysPath("class/scsi_tape")) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    bool any = false;
    const Status status = drives_.ForEach(
        [this](std::string_view name, const std::string& path) { return Open(name, path); },
        [&](std::string_view name, const Drive& drive) -> Status {
          any |= !drive.empty();
          return AddDrive(name, drive, out);
        });
    if (!status) return AbsentIsUnsupported(status.error());
    if (!any) return Error{Errc::kUnsupported, "there is no tape drive"};
    return Unit{};
  }

 private:
  Drive Open(std::string_view name, const std::string& path) const {
    // nst0, st0a … are other views of the drive st0.
    if (NumberAfter("st", name).empty() || !filter_.Keeps(name)) return {};
    Drive drive;
    for (const std::string_view file : kFiles) drive.push_back(path + "stats/" + std::string(file));
    return drive;
  }

  Status AddDrive(std::string_view name, const Drive& drive, FamilySink& out) {
    for (std::size_t i = 0; i < drive.size(); ++i) {
      const RawRead read = files_.Read(drive[i]);
      if (!read) continue;  // unplugged since it was listed
      const auto value = ParseInt<std::uint64_t>(read.text);
      if (!value) return MalformedText(drive[i], "a number", read.text);
      const double unit = kFiles[i].ends_with("_ns") ? 0.000000001 : 1;
      out.Add(kFamilies[i], {{"device", name}}, static_cast<double>(*value) * unit);
    }
    return Unit{};
  }

  const NameFilter filter_;
  SmallFiles files_;
  DeviceDir<Drive> drives_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector tapestats");
  TRY_ASSIGN(NameFilter drives, ReadNameFilter(settings, {.exclude = "ignored_devices",
                                                          .default_exclude = kDefaultIgnored}));
  TRY(settings.Finish());
  return std::unique_ptr<Collector>(
      std::make_unique<TapestatsCollector>(deps.fs, std::move(drives)));
}

}  // namespace

extern const CatalogEntry kTapestatsCollector{
    .name = "tapestats",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Reads, writes and their times of SCSI tape drives, from /sys/class/scsi_tape.",
    .families = kFamilies,
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
