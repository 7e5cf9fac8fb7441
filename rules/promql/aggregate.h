#pragma once
// What the aggregations share. Internal to the evaluator.

#include <vector>

#include "rules/promql/evaluator.h"
#include "rules/promql/labelset.h"

namespace tocsin::promql {

LabelPart GroupingOf(const AggregateExpr& aggregate);

/// A table and the group of each of its series.
struct GroupedTable {
  SeriesTable table;
  LabelGroups groups;
  std::vector<std::vector<std::size_t>> members;  // of each group, indexes into the table
};
Result<GroupedTable> GroupedTableOf(const AggregateExpr& aggregate, Evaluator& evaluator);

/// The φ-quantile of `values`, which are reordered; NaN counts as the least. NaN if there are none
/// or φ is NaN, ∓Inf if φ is below 0 or above 1.
double Quantile(double phi, std::vector<double>& values);

/// The same of values in rising order, NaN first.
double SortedQuantile(double phi, std::span<const double> sorted);

/// Warns once of a φ outside 0 … 1.
void CheckQuantile(double phi, PosRange pos, QueryContext& context);

}  // namespace tocsin::promql
