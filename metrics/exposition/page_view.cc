#include "metrics/exposition/page_view.h"

#include <algorithm>

#include "base/gzip.h"
#include "base/log.h"
#include "metrics/exposition/render.h"

namespace tocsin::exposition {
namespace {

/// A form that was not asked for during that many renderings of others is given up: a person
/// looked once, and its bytes are worth more elsewhere.
constexpr std::uint64_t kIdleRenderings = 100;

/// What a value costs with its newline, on average and with some room.
constexpr std::size_t kValueBytes = 12;

/// Keeps the first kilobyte back: a page that is no longer stays as it is.
class GzipSink final : public PageSink {
 public:
  explicit GzipSink(std::string& out) : out_(out) {}

  void Write(std::string_view piece) override {
    if (!writer_ && out_.size() + piece.size() < kGzipMinBytes) {
      out_ += piece;
      return;
    }
    if (!writer_) {
      const std::string start = std::exchange(out_, {});
      writer_ = std::make_unique<GzipWriter>(out_);
      writer_->Write(start);
    }
    writer_->Write(piece);
  }
  Coding Finish() {
    if (!writer_) return Coding::kIdentity;
    writer_->Finish();
    return Coding::kGzip;
  }

 private:
  std::string& out_;
  std::unique_ptr<GzipWriter> writer_;
};

}  // namespace

const RenderedPage* Page::View::Find(std::uint64_t version, Format format, Coding coding) {
  Form& wanted = form(format, coding);
  wanted.asked = renderings_;
  wanted.idle_trims = 0;
  return wanted.valid && wanted.version == version ? &wanted.page : nullptr;
}

const RenderedPage& Page::View::Render(std::uint64_t version,
                                       std::span<const NamedSnapshot> snapshots, Format format,
                                       Coding coding) {
  Update(snapshots);
  Form& wanted = form(format, coding);
  wanted.valid = false;
  wanted.page.body = nullptr;
  const Ref<SharedText> body = FreeBody(wanted);
  body->text.clear();
  wanted.page.coding = coding;
  if (coding == Coding::kGzip) {
    GzipSink sink(body->text);
    exposition::Render(merged_, values_, format, sink);
    wanted.page.coding = sink.Finish();
  } else {
    body->text.reserve(ExpectedBytes());
    StringSink sink(body->text);
    exposition::Render(merged_, values_, format, sink);
  }
  wanted.page.body = body;
  wanted.version = version;
  wanted.valid = true;
  ++renderings_;
  wanted.asked = renderings_;
  ForgetIdleForms();
  return wanted.page;
}

bool Page::View::Selected(const std::string& collector) const {
  const auto& [collect, exclude] = selection_;
  if (!collect.empty()) return std::binary_search(collect.begin(), collect.end(), collector);
  return !std::binary_search(exclude.begin(), exclude.end(), collector);
}

void Page::View::Update(std::span<const NamedSnapshot> snapshots) {
  layouts_.clear();
  values_.clear();
  for (const NamedSnapshot& entry : snapshots) {
    if (!Selected(entry.collector)) continue;
    layouts_.push_back(entry.snapshot ? entry.snapshot->layout : nullptr);
    values_.push_back(entry.snapshot ? std::span<const double>(entry.snapshot->values)
                                     : std::span<const double>());
  }
  if (merged_.IsOf(layouts_)) return;
  const std::string before = merged_.dropped().first;
  merged_ = MergedLayout(layouts_);
  if (const Dropped& dropped = merged_.dropped();
      dropped.first != before && !dropped.first.empty()) {
    LogWarn("metrics left out of the page: " + dropped.first,
            {{"families", std::to_string(dropped.families)},
             {"series", std::to_string(dropped.series)}});
  }
}

std::size_t Page::View::ExpectedBytes() const {
  std::size_t bytes = merged_.prefix_bytes() + merged_.line_count() * kValueBytes;
  for (const MergedFamily& f : merged_.families()) {
    constexpr std::size_t kKeywords = 32;  // "# HELP  \n# TYPE  histogram\n"
    bytes += kKeywords + 2 * f.family->name.size() + f.family->help.size();
  }
  return bytes;
}

void Page::View::ForgetIdleForms() {
  for (Form& one : forms_) {
    if (one.asked + kIdleRenderings < renderings_) one = Form{};
  }
}

bool Page::View::Trim() {
  bool any = false;
  for (Form& one : forms_) {
    if (++one.idle_trims > kIdleTrims) one = Form{};
    any |= one.page.body != nullptr;
  }
  return !any;
}

Ref<SharedText> Page::View::FreeBody(Form& form) {
  for (Ref<SharedText>& body : form.bodies) {
    if (!body) body = MakeRef<SharedText>();
    if (body->Unique()) return body;
  }
  return MakeRef<SharedText>();
}

}  // namespace tocsin::exposition
