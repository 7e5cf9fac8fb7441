#pragma once
// The scripts in tests/promql/*.test: series, and what queries over them must yield.
//
//   # a comment
//   compat v2                        from here on (v3 at first)
//   load 15s                         adds series, one sample every 15 s from 0 on
//     name{label="x"} 1 2 _ 4+1x5
//   clear                            forgets all series
//   eval instant at 5m EXPR          labels and a value a line; of a scalar or string, the value
//     {label="x"} 3
//   eval ordered instant at 5m EXPR  in this order
//   eval range from 0 to 10m step 1m EXPR
//     {label="x"} 1 2 _ 4            one value a step
//   eval fail instant at 5m EXPR     with the text that the error contains, if any, in a line below
//     many-to-many
//   eval remark instant at 5m EXPR   the texts that its warnings and infos contain; values as above
//     remark: might not be a counter
//
// EXPR may go on over lines that start with a '|'.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/memory_store.h"
#include "rules/promql/engine.h"

namespace tocsin::promql {

/// Runs a script. Each string is one expectation that was not met, with its line; a script that
/// cannot be read or expects nothing at all is one too.
std::vector<std::string> RunScript(std::string_view script);

}  // namespace tocsin::promql
