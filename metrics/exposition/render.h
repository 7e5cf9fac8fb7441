#pragma once
#include <span>
#include <string>
#include <string_view>

#include "metrics/exposition/format.h"
#include "metrics/exposition/merged_layout.h"

namespace tocsin::exposition {

/// Takes a rendered page piece by piece.
class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void Write(std::string_view piece) = 0;
};

/// Appends to a string, which outlives it.
class StringSink final : public PageSink {
 public:
  explicit StringSink(std::string& out) : out_(out) {}
  void Write(std::string_view piece) override { out_ += piece; }

 private:
  std::string& out_;
};

/// Writes the page of a layout with the values of a round. `values[i]` are of the i-th layout that
/// `layout` was made of (empty for a null one). Allocates only for help that needs escaping.
void Render(const MergedLayout& layout, std::span<const std::span<const double>> values,
            Format format, PageSink& sink);

/// The page of a few snapshots, for commands and tests. Null ones are left out.
std::string RenderPage(std::span<const Ref<const Snapshot>> snapshots, Format format);

}  // namespace tocsin::exposition
