#include "metrics/store/store.h"

#include "metrics/store/cursor.h"
#include "metrics/store/store_impl.h"

namespace tocsin::store {

std::string_view DropReasonText(DropReason reason) {
  switch (reason) {
    case DropReason::kOutOfOrder:
      return "out_of_order";
    case DropReason::kDuplicate:
      return "duplicate";
    case DropReason::kSourceLimit:
      return "source_limit";
    case DropReason::kSeriesLimit:
      return "series_limit";
    case DropReason::kByteBudget:
      return "byte_budget";
  }
  return "";
}

Source::~Source() { store_.CloseSource(state_); }

void Source::Append(const Ref<const Snapshot>& snapshot) {
  store_.Append(*state_, {.t_ms = ToMillis(snapshot->at),
                          .layout = snapshot->layout,
                          .values = snapshot->values,
                          .labeled = {}});
}

void Source::Append(WallTime at, std::span<const LabeledValue> round) {
  store_.Append(*state_, {.t_ms = ToMillis(at), .layout = {}, .values = {}, .labeled = round});
}

void Source::MarkStale(WallTime at) { store_.MarkStale(*state_, ToMillis(at)); }

SeriesCursor::SeriesCursor(std::unique_ptr<Cursor> impl) : impl_(std::move(impl)) {}
SeriesCursor::~SeriesCursor() = default;
SeriesCursor::SeriesCursor(SeriesCursor&&) noexcept = default;
SeriesCursor& SeriesCursor::operator=(SeriesCursor&&) noexcept = default;
bool SeriesCursor::Next(SeriesView& out) { return impl_->Next(out); }
std::size_t SeriesCursor::SeriesCount() const { return impl_->SeriesCount(); }

Store::Store(std::unique_ptr<StoreImpl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(StoreOptions options, WallTime /*now*/) {
  return std::unique_ptr<Store>(new Store(std::make_unique<StoreImpl>(std::move(options))));
}

std::unique_ptr<Source> Store::OpenSource(std::string_view name, SourceLimits limits) {
  return std::make_unique<Source>(*impl_, impl_->OpenSource(name, limits));
}

SeriesCursor Store::Select(TimeRange range, std::span<const Matcher> matchers, Want want) const {
  return SeriesCursor(impl_->Select(range, matchers, want));
}

std::vector<std::string> Store::LabelNames(TimeRange range,
                                           std::span<const Matcher> matchers) const {
  return impl_->LabelNames(range, matchers);
}

std::vector<std::string> Store::LabelValues(std::string_view name, TimeRange range,
                                            std::span<const Matcher> matchers) const {
  return impl_->LabelValues(name, range, matchers);
}

std::vector<Labels> Store::SeriesLabels(TimeRange range, std::span<const Matcher> matchers) const {
  return impl_->SeriesLabels(range, matchers);
}

StoreStats Store::Stats() const { return impl_->Stats(); }

Cardinality Store::TopCardinality(std::size_t limit) const { return impl_->TopCardinality(limit); }

void Store::Maintain(WallTime now) { impl_->Tidy(now); }

void Store::Flush(WallTime /*now*/) {}

}  // namespace tocsin::store
