#pragma once
// `tocsin query --stdin`: PromQL as a filter, one JSON object a line each way.
//
//   {"op":"load","series":[{"labels":{…},"points":[[t_ms,"1.5"|"NaN"|"stale"],…]},…]}
//     replaces what was loaded; the answer is {"ok":true}
//   {"op":"query","expr":…,"time":ms} and {"op":"query","expr":…,"start":ms,"end":ms,"step":ms}
//     the answer is the document of /api/v1/query or query_range
//
// A line that is none of these is answered by an error document of type bad_data.

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "rules/promql/engine.h"

namespace tocsin {

class QueryPipe {
 public:
  explicit QueryPipe(promql::EngineOptions options);
  ~QueryPipe();

  /// The answer to one line, without its newline.
  std::string Answer(std::string_view line);

  /// Answers lines until `in` ends.
  void Run(std::istream& in, std::ostream& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
