#include "agent/runtime/store_queryable.h"

#include <utility>

namespace tocsin {
namespace {

class StoreSeriesSet final : public promql::SeriesSet {
 public:
  explicit StoreSeriesSet(store::SeriesCursor cursor) : cursor_(std::move(cursor)) {}

  bool Next(promql::SeriesView& out) override {
    store::SeriesView view{};
    if (!cursor_.Next(view)) return false;
    out = {view.labels, view.samples};
    return true;
  }

 private:
  store::SeriesCursor cursor_;
};

}  // namespace

Result<std::unique_ptr<promql::SeriesSet>> StoreQueryable::Select(
    const promql::SelectHints& hints, std::span<const Matcher> matchers) const {
  const auto want = hints.newest_only ? store::Want::kLast : store::Want::kAll;
  return std::unique_ptr<promql::SeriesSet>(std::make_unique<StoreSeriesSet>(
      store_.Select({hints.min_ms, hints.max_ms}, matchers, want)));
}

}  // namespace tocsin
