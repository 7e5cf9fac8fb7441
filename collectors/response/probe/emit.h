#pragma once
// A probe's result as blackbox_exporter's metrics.

#include <span>

#include "collectors/response/probe/result.h"
#include "metrics/family.h"
#include "metrics/labels.h"
#include "metrics/writer.h"

namespace tocsin::probe {

/// Adds the series of one result, each with `labels` before its own (at most kMaxLabels of them).
inline constexpr std::size_t kMaxLabels = 24;
void EmitResult(const ProbeFacts& result, std::span<const LabelView> labels, FamilySink& out);

}  // namespace tocsin::probe
