#pragma once
#include <memory>
#include <string>

#include "agent/runtime/board.h"
#include "agent/runtime/runner.h"
#include "metrics/store/store.h"

namespace tocsin {

/// Puts a collector's rounds on the board, for the page, and into the store. Both outlive it.
std::unique_ptr<RoundReceiver> MakeCollectorOutput(Board& board, std::string collector,
                                                   std::unique_ptr<store::Source> source);

}  // namespace tocsin
