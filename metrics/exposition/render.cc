#include "metrics/exposition/render.h"

#include <array>
#include <cstring>

#include "base/format.h"
#include "metrics/exposition/escape.h"

namespace tocsin::exposition {
namespace {

/// Collects small pieces, so that the sink is called once per some kilobytes.
class Buffer {
 public:
  explicit Buffer(PageSink& sink) : sink_(sink) {}

  void Append(std::string_view text) {
    if (text.size() > buffer_.size() - used_) {
      Flush();
      if (text.size() > buffer_.size()) return sink_.Write(text);
    }
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void AppendFloat(double value) {
    if (buffer_.size() - used_ < kGoFloatMax) Flush();
    used_ = static_cast<std::size_t>(WriteGoFloat(value, buffer_.data() + used_) - buffer_.data());
  }
  void Flush() {
    sink_.Write({buffer_.data(), used_});
    used_ = 0;
  }

 private:
  PageSink& sink_;
  std::array<char, 8192> buffer_;
  std::size_t used_ = 0;
};

class Renderer {
 public:
  Renderer(const MergedLayout& layout, Format format, PageSink& sink)
      : layout_(layout), format_(format), out_(sink) {}

  void Run(std::span<const std::span<const double>> values) {
    for (std::size_t f = 0; f < layout_.families().size(); ++f) {
      Metadata(layout_.families()[f]);
      for (const MergedLine& line : layout_.lines(f)) {
        if (line.only_open_metrics && format_ == Format::kText) continue;
        out_.Append(layout_.Prefix(line));
        out_.AppendFloat(values[line.source][line.value]);
        out_.Append("\n");
      }
    }
    if (format_ == Format::kOpenMetrics) out_.Append("# EOF\n");
    out_.Flush();
  }

 private:
  void Metadata(const MergedFamily& merged) {
    const Family& family = *merged.family;
    const bool text = format_ == Format::kText;
    const std::string_view name =
        std::string_view(family.name)
            .substr(0, text ? family.name.size() : merged.open_metrics.name_bytes);
    if (!family.help.empty()) {
      Start("# HELP ", name);
      if (family.help.find_first_of("\\\"\n") == std::string::npos && IsAscii(family.help)) {
        out_.Append(family.help);
      } else {
        std::string escaped;
        AppendHelp(format_, family.help, escaped);
        out_.Append(escaped);
      }
      out_.Append("\n");
    }
    Start("# TYPE ", name);
    out_.Append(text ? TextType(family.type) : TypeText(merged.open_metrics.type));
    out_.Append("\n");
    if (text || family.unit.empty() || !HasUnit(name, family.unit)) return;
    Start("# UNIT ", name);
    out_.Append(family.unit);
    out_.Append("\n");
  }

  void Start(std::string_view keyword, std::string_view name) {
    out_.Append(keyword);
    out_.Append(name);
    out_.Append(" ");
  }

  static bool IsAscii(std::string_view text) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) >= 0x80) return false;
    }
    return true;
  }
  static bool HasUnit(std::string_view name, std::string_view unit) {
    return name.size() > unit.size() && name.ends_with(unit) &&
           name[name.size() - unit.size() - 1] == '_';
  }
  static std::string_view TextType(MetricType type) {
    if (type == MetricType::kUnknown) return "untyped";
    if (type == MetricType::kInfo || type == MetricType::kStateset) return "gauge";
    return TypeText(type);
  }

  const MergedLayout& layout_;
  Format format_;
  Buffer out_;
};

}  // namespace

void Render(const MergedLayout& layout, std::span<const std::span<const double>> values,
            Format format, PageSink& sink) {
  Renderer(layout, format, sink).Run(values);
}

std::string RenderPage(std::span<const Ref<const Snapshot>> snapshots, Format format) {
  std::vector<Ref<const Layout>> layouts;
  std::vector<std::span<const double>> values;
  for (const Ref<const Snapshot>& snapshot : snapshots) {
    if (!snapshot) continue;
    layouts.push_back(snapshot->layout);
    values.emplace_back(snapshot->values);
  }
  std::string page;
  StringSink sink(page);
  Render(MergedLayout(std::move(layouts)), values, format, sink);
  return page;
}

}  // namespace tocsin::exposition
