#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_filefd_allocated", MetricType::kGauge, "File descriptor statistics: allocated."},
    {"node_filefd_maximum", MetricType::kGauge, "File descriptor statistics: maximum."},
}};

class FilefdCollector final : public Collector {
 public:
  explicit FilefdCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("sys/fs/file-nr"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsFailure(read.error());
    std::string_view text = *read;
    const auto allocated = ParseDouble(TakeField(text));
    TakeField(text);  // allocated but unused: always 0 since Linux 2.6
    const auto maximum = ParseDouble(TakeField(text));
    if (!allocated || !maximum) return MalformedText("sys/fs/file-nr", "three numbers", *read);
    out.Add(kFamilies[0], {}, *allocated);
    out.Add(kFamilies[1], {}, *maximum);
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<FilefdCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kFilefdCollector{
    .name = "filefd",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "Open files of the whole host and their limit, from /proc/sys/fs/file-nr.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
