#include "metrics/exposition/page.h"

#include <algorithm>

#include "metrics/exposition/page_view.h"

namespace tocsin::exposition {
namespace {

/// Selections whose pages are kept; a request for another one takes the oldest one's place.
constexpr std::size_t kMaxSelected = 4;

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

Page::Page(const SnapshotSource& source) : source_(source) {}
Page::~Page() = default;

Result<RenderedPage> Page::Get(Format format, Coding coding, const PageSelection& selection) {
  const MutexLock lock(mutex_);
  // Read before the snapshots: if they are newer, the next request renders once more.
  const std::uint64_t version = source_.Version();
  TRY_ASSIGN(View* const view, FindView(selection));
  if (const RenderedPage* page = view->Find(version, format, coding)) {
    ++stats_.hits;
    return *page;
  }
  ++stats_.misses;
  source_.Read(read_);
  RenderedPage page = view->Render(version, read_, format, coding);
  if (view == all_.get() && stats_.dropped != view->dropped()) stats_.dropped = view->dropped();
  for (NamedSnapshot& entry : read_) entry.snapshot = nullptr;
  return page;
}

Result<Page::View*> Page::FindView(const PageSelection& selection) {
  if (selection.collect.empty() && selection.exclude.empty()) {
    if (!all_) all_ = std::make_unique<View>(PageSelection{});
    return all_.get();
  }
  if (!selection.collect.empty() && !selection.exclude.empty()) {
    return Error{Errc::kInvalid, "collect[] and exclude[] cannot be used together"};
  }
  PageSelection sorted = selection;
  SortUnique(sorted.collect);
  SortUnique(sorted.exclude);
  const auto found = std::find_if(selected_.begin(), selected_.end(), [&](const auto& view) {
    return view->selection().collect == sorted.collect &&
           view->selection().exclude == sorted.exclude;
  });
  if (found != selected_.end()) {
    std::rotate(found, found + 1, selected_.end());
    return selected_.back().get();
  }
  TRY(CheckNames(sorted));
  if (selected_.size() == kMaxSelected) selected_.erase(selected_.begin());
  selected_.push_back(std::make_unique<View>(std::move(sorted)));
  return selected_.back().get();
}

Status Page::CheckNames(const PageSelection& selection) {
  source_.Read(read_);
  Status status = Unit{};
  for (const auto* names : {&selection.collect, &selection.exclude}) {
    for (const std::string& name : *names) {
      const bool known = std::any_of(read_.begin(), read_.end(), [&](const NamedSnapshot& entry) {
        return entry.collector == name;
      });
      if (!known && status.ok()) {
        status = Error{Errc::kInvalid, "there is no collector \"" + name.substr(0, 64) +
                                           "\", or it is switched off"};
      }
    }
  }
  for (NamedSnapshot& entry : read_) entry.snapshot = nullptr;
  return status;
}

void Page::Trim() {
  const MutexLock lock(mutex_);
  if (all_ && all_->Trim()) all_ = nullptr;
  std::erase_if(selected_, [](const std::unique_ptr<View>& view) { return view->Trim(); });
}

PageStats Page::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

}  // namespace tocsin::exposition
