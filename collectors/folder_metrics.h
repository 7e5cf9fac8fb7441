#pragma once
// Folders of sysfs whose files are metrics.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/small_file.h"
#include "metrics/writer.h"

namespace tocsin {

/// Decimal, or hexadecimal after "0x".
inline std::optional<double> ParsePlainNumber(std::string_view text) {
  const auto value = ParsePrefixedInt<std::uint64_t>(text);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

/// A file that holds one number and what it is exported as.
struct FileMetric {
  std::string_view file;
  FamilySpec family;
  double factor = 1;  // from the file's unit to the metric's
};

/// The files of one folder. Those that are absent, unreadable or no number are left out.
class FolderMetrics {
 public:
  FolderMetrics() = default;
  /// `metrics` outlives this.
  FolderMetrics(const std::string& folder, std::span<const FileMetric> metrics)
      : metrics_(metrics) {
    for (const FileMetric& metric : metrics) {
      paths_.push_back(folder + "/" + std::string(metric.file));
    }
  }

  /// True if any of the files gave a number.
  bool Add(SmallFiles& files, std::span<const LabelView> labels, FamilySink& out,
           std::optional<double> (*parse)(std::string_view) = &ParsePlainNumber) const {
    bool any = false;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      const RawRead read = files.Read(paths_[i]);
      const auto value = read ? parse(read.text) : std::nullopt;
      if (!value) continue;
      out.Add(metrics_[i].family, labels, *value * metrics_[i].factor);
      any = true;
    }
    return any;
  }

 private:
  std::span<const FileMetric> metrics_;
  std::vector<std::string> paths_;
};

/// The families of such tables, for a catalog entry.
template <std::size_t... N>
constexpr auto FamiliesOf(const std::array<FileMetric, N>&... tables) {
  std::array<FamilySpec, (N + ...)> families{};
  std::size_t i = 0;
  const auto take = [&](const auto& table) {
    for (const FileMetric& metric : table) families[i++] = metric.family;
  };
  (take(tables), ...);
  return families;
}

}  // namespace tocsin
