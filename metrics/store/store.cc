#include "metrics/store/store.h"

#include "metrics/store/cursor.h"
#include "metrics/store/files.h"
#include "metrics/store/persistence.h"
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

Result<std::unique_ptr<Store>> Store::Open(StoreOptions options, WallTime now) {
  return Open(std::move(options), now, PosixFiles());
}

Result<std::unique_ptr<Store>> Store::Open(StoreOptions options, WallTime now, FileSystem& files) {
  std::unique_ptr<Store> store(new Store(std::make_unique<StoreImpl>(std::move(options))));
  if (!store->impl_->options().directory.empty()) {
    store->persistence_ = std::make_unique<Persistence>(*store->impl_, files);
    TRY(store->persistence_->Open(now));
  }
  return store;
}

std::unique_ptr<Source> Store::OpenSource(std::string_view name, SourceLimits limits) {
  return std::make_unique<Source>(*impl_, impl_->OpenSource(name, std::move(limits)));
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

StoreStats Store::Stats() const {
  StoreStats stats = impl_->Stats();
  if (persistence_) {
    const Persistence::DiskStats disk = persistence_->Stats();
    stats.disk_ok = disk.ok;
    stats.disk_bytes = disk.bytes;
    stats.disk_bytes_written = disk.bytes_written;
    stats.disk_errors = disk.errors;
  }
  return stats;
}

Cardinality Store::TopCardinality(std::size_t limit) const { return impl_->TopCardinality(limit); }

void Store::Maintain(WallTime now) {
  const MutexLock lock(maintenance_);
  impl_->Tidy(now);
  if (persistence_) persistence_->Write(now, Persistence::What::kDue);
}

void Store::Flush(WallTime now) {
  const MutexLock lock(maintenance_);
  if (persistence_) persistence_->Write(now, Persistence::What::kAll);
}

}  // namespace tocsin::store
