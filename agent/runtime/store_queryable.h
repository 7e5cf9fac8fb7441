#pragma once
#include "metrics/store/store.h"
#include "rules/promql/queryable.h"

namespace tocsin {

/// The store as PromQL sees it. Thread-safe. The store outlives it and every SeriesSet.
class StoreQueryable final : public promql::Queryable {
 public:
  explicit StoreQueryable(const store::Store& store) : store_(store) {}

  Result<std::unique_ptr<promql::SeriesSet>> Select(
      const promql::SelectHints& hints, std::span<const Matcher> matchers) const override;

 private:
  const store::Store& store_;
};

}  // namespace tocsin
