#include "collectors/system/textfile_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "base/parse.h"

namespace tocsin {
namespace {

/// A file written twice within a tick of the file system's clock keeps its time: one as young as
/// this is read again in any case.
constexpr seconds kSettled{2};

/// More than any script writes, and what one file may cost.
constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxSamples = 200'000;
constexpr std::size_t kMaxFamilies = 20'000;

bool IsBound(Suffix suffix, MetricType type, std::string_view label) {
  return (suffix == Suffix::kBucket && label == "le") ||
         (type == MetricType::kSummary && suffix == Suffix::kNone && label == "quantile");
}

}  // namespace

bool TextfileFile::Refresh(const HostFs& fs, WallTime now) {
  const auto status = fs.Stat(path_);
  if (status && seen_ && status->mtime == mtime_ && status->bytes == bytes_ &&
      status->inode == inode_ && now.time_since_epoch() - mtime_ > kSettled) {
    const bool too_old = TooOld(now);
    if (too_old && !too_old_ && ok_) {
      LogWarn("a textfile is left out: nobody has written it for too long", {{"file", path_}});
    }
    return std::exchange(too_old_, too_old) != too_old;
  }
  const bool was_broken = seen_ && !ok_;
  seen_ = status.ok();
  Status loaded = status ? Load(fs, *status) : Status(status.error());
  ok_ = loaded.ok();
  too_old_ = TooOld(now);
  if (!ok_) {
    samples_.clear();
    if (!was_broken) {
      LogError("a textfile is left out", {{"file", path_}, {"error", loaded.error().message()}});
    }
  }
  return true;
}

bool TextfileFile::TooOld(WallTime now) const {
  return max_age_ > milliseconds(0) && now.time_since_epoch() - mtime_ > max_age_;
}

Status TextfileFile::Load(const HostFs& fs, const FileStatus& status) {
  mtime_ = status.mtime;
  bytes_ = status.bytes;
  inode_ = status.inode;
  samples_.clear();
  if (!status.regular) return Error{Errc::kIo, path_ + ": not a regular file"};
  if (status.bytes > kMaxBytes) return Error{Errc::kLimit, path_ + ": larger than 16 MB"};
  TRY_ASSIGN(text_, fs.Read(path_));
  exposition::ParseOptions options;
  options.source = path_;
  options.budget.bytes = kMaxBytes;
  options.budget.samples = kMaxSamples;
  options.budget.families = kMaxFamilies;
  TRY(document_.Parse(text_, options));
  for (const exposition::ParsedSample& sample : document_.samples()) {
    if (sample.timestamp_ms) {
      return Error{Errc::kMalformed,
                   path_ + ":" + std::to_string(sample.line) +
                       ": timestamps are not supported, the value is that of the scrape"};
    }
  }
  Prepare();
  return Unit{};
}

void TextfileFile::Prepare() {
  std::vector<std::set<std::string_view>> names(families().size());
  std::size_t label_count = 0;
  for (const auto& sample : document_.samples()) {
    for (const LabelView& label : sample.labels) {
      if (!IsBound(sample.suffix, families()[sample.family].type, label.name)) {
        names[sample.family].insert(label.name);
      }
    }
  }
  for (const auto& sample : document_.samples()) label_count += names[sample.family].size() + 1;
  labels_.clear();
  labels_.reserve(label_count);  // so that the spans stay valid
  numbers_.clear();
  samples_.reserve(document_.samples().size());
  for (const auto& sample : document_.samples()) {
    const std::size_t first = labels_.size();
    for (const std::string_view name : names[sample.family]) {
      const auto found = std::find_if(sample.labels.begin(), sample.labels.end(),
                                      [&](const LabelView& label) { return label.name == name; });
      labels_.push_back({name, found == sample.labels.end() ? "" : found->value});
    }
    for (const LabelView& label : sample.labels) {
      if (IsBound(sample.suffix, families()[sample.family].type, label.name)) {
        labels_.push_back({label.name, Canonical(label.value)});
      }
    }
    samples_.push_back({sample.family, sample.suffix,
                        std::span(labels_).subspan(first, labels_.size() - first), sample.value});
  }
}

std::string_view TextfileFile::Canonical(std::string_view number) {
  const auto value = ParseDouble(number);
  if (!value) return number;
  return numbers_.emplace_back(FormatGoFloat(*value));
}

}  // namespace tocsin
