#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 2> kFamilies{{
    {"node_os_info", MetricType::kGauge,
     "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, "
     "image_version, name, pretty_name, variant, variant_id, version, version_codename, "
     "version_id."},
    {"node_os_version", MetricType::kGauge,
     "Metric containing the major.minor part of the OS version."},
}};

/// The labels of node_os_info and the variable of each in os-release(5).
struct Field {
  std::string_view label;
  std::string_view variable;
};
constexpr std::array<Field, 12> kFields{{{"build_id", "BUILD_ID"},
                                         {"id", "ID"},
                                         {"id_like", "ID_LIKE"},
                                         {"image_id", "IMAGE_ID"},
                                         {"image_version", "IMAGE_VERSION"},
                                         {"name", "NAME"},
                                         {"pretty_name", "PRETTY_NAME"},
                                         {"variant", "VARIANT"},
                                         {"variant_id", "VARIANT_ID"},
                                         {"version", "VERSION"},
                                         {"version_codename", "VERSION_CODENAME"},
                                         {"version_id", "VERSION_ID"}}};
constexpr std::size_t kId = 1;
constexpr std::size_t kIdLike = 2;
constexpr std::size_t kName = 5;
constexpr std::size_t kVersionId = 11;

/// A value as the shell would read it: quotes taken off, backslashes escape the next character
/// (in double quotes only those that the shell would).
std::string Unquote(std::string_view text) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      const char next = text[++i];
      const bool escapes = quote == 0 || next == '"' || next == '\\' || next == '$' || next == '`';
      if (!escapes) out += c;
      out += next;
    } else {
      out += c;
    }
  }
  return out;
}

/// The leading "major.minor" of a version as a number, or nothing.
std::optional<double> LeadingVersion(std::string_view version) {
  const auto digits = [&](std::size_t from) {
    return std::min(version.find_first_not_of("0123456789", from), version.size());
  };
  std::size_t end = digits(0);
  if (end == 0) return std::nullopt;
  if (end < version.size() && version[end] == '.' && digits(end + 1) > end + 1) {
    end = digits(end + 1);
  }
  return ParseDouble(version.substr(0, end));
}

class OsCollector final : public Collector {
 public:
  explicit OsCollector(const HostFs& fs)
      : fs_(fs), paths_{fs.RootPath("etc/os-release"), fs.RootPath("usr/lib/os-release")} {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY(Refresh());
    std::array<LabelView, kFields.size()> labels;
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = {kFields[i].label, values_[i]};
    out.Add(kFamilies[0], labels, 1);
    if (!version_) return Unit{};
    out.Add(kFamilies[1],
            {{"id", values_[kId]}, {"id_like", values_[kIdLike]}, {"name", values_[kName]}},
            *version_);
    return Unit{};
  }

 private:
  /// The file that is there of the two; the first may be a link to the second.
  Status Refresh() {
    for (const std::string& path : paths_) {
      const RawRead read = fs_.ReadInto(path, buffer_);
      if (read.error == ENOENT) continue;
      if (!read) return Error{Errc::kIo, path + ": " + std::strerror(read.error)};
      if (text_ && read.text == *text_) return Unit{};
      text_ = read.text;
      Parse(read.text);
      return Unit{};
    }
    return Error{Errc::kUnsupported, "no os-release file"};
  }

  void Parse(std::string_view text) {
    values_.fill({});
    while (!text.empty()) {
      const std::string_view line = Trim(TakeLine(text));
      const auto equals = line.find('=');
      if (line.starts_with('#') || equals == std::string_view::npos) continue;
      for (std::size_t i = 0; i < kFields.size(); ++i) {
        if (line.substr(0, equals) == kFields[i].variable) {
          values_[i] = Unquote(line.substr(equals + 1));
        }
      }
    }
    version_ = LeadingVersion(values_[kVersionId]);
  }

  const HostFs& fs_;
  const std::array<std::string, 2> paths_;
  std::string buffer_;
  std::optional<std::string> text_;
  std::array<std::string, kFields.size()> values_;
  std::optional<double> version_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<OsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kOsCollector{
    .name = "os",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(60),
    .help = "Name and version of the operating system, from /etc/os-release.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
