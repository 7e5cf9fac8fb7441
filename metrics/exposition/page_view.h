#pragma once
// The rendered forms of one selection of collectors. Internal to page.cc.

#include "metrics/exposition/page.h"

namespace tocsin::exposition {

/// One thread at a time.
class Page::View {
 public:
  /// Both lists sorted.
  explicit View(PageSelection selection) : selection_(std::move(selection)) {}

  const PageSelection& selection() const { return selection_; }
  const Dropped& dropped() const { return merged_.dropped(); }

  /// The bytes of that version, if this form was rendered from it.
  const RenderedPage* Find(std::uint64_t version, Format format, Coding coding);
  const RenderedPage& Render(std::uint64_t version, std::span<const NamedSnapshot> snapshots,
                             Format format, Coding coding);

  /// Page::Trim. True if nothing is left.
  bool Trim();

 private:
  /// Bodies are written again once nobody reads them. Two suffice while readers are faster than
  /// rounds.
  struct Form {
    bool valid = false;
    std::uint64_t version = 0;
    std::uint64_t asked = 0;  // the count of renderings when it was last asked for
    int idle_trims = 0;       // since it was last asked for
    RenderedPage page{};
    std::array<Ref<SharedText>, 2> bodies;
  };

  Form& form(Format format, Coding coding) {
    return forms_[static_cast<std::size_t>(format) * 2 + static_cast<std::size_t>(coding)];
  }
  bool Selected(const std::string& collector) const;
  void Update(std::span<const NamedSnapshot> snapshots);
  void ForgetIdleForms();
  static Ref<SharedText> FreeBody(Form& form);
  std::size_t ExpectedBytes() const;

  PageSelection selection_;
  MergedLayout merged_;
  std::vector<Ref<const Layout>> layouts_;  // of the version being rendered
  std::vector<std::span<const double>> values_;
  std::array<Form, 4> forms_;
  std::uint64_t renderings_ = 0;
};

}  // namespace tocsin::exposition
