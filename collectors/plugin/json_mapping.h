#pragma once
// From a JSON document to series, by configured paths: the pure part of http_json.
//
//     metrics:
//       - name: queue_depth
//         path: /queues/*/messages        # a JSON pointer (RFC 6901); * is every key or index
//         type: gauge                     # gauge, counter, untyped
//         help: Messages waiting.
//         scale: 1                        # multiplies the number, both as decimals
//         values: { up: 1, down: 0 }      # numbers for strings
//         labels:
//           source: api                   # fixed
//           queue: { key: 1 }             # what the first * stands for
//           vhost: { path: /vhost, of: 1 }   # a field of what the first * stands for; of: 0, the
//                                            # default, is the document
//
// A number counts as itself, a boolean as 1 or 0, a string by `values` or as the number that it
// spells. null, what is absent and what is no number give no sample. `count: true` gives the number
// of elements of an array or object instead, `constant: 1` that number wherever the path leads
// somewhere.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "metrics/writer.h"

namespace tocsin::plugin {

/// A piece of a path; nothing: `*`.
using PathStep = std::optional<std::string>;

/// Errors: kInvalid, saying what was meant.
Result<std::vector<PathStep>> ParseJsonPath(std::string_view text);

struct LabelRule {
  enum class Kind { kFixed, kKey, kField };
  std::string name;
  Kind kind = Kind::kFixed;
  std::string text;            // kFixed
  std::size_t of = 0;          // kKey, kField: which *, from 1; 0: the document
  std::vector<PathStep> path;  // kField, without *
};

struct MetricRule {
  enum class Reads { kValue, kCount, kConstant };
  std::string name;
  std::string help;
  MetricType type = MetricType::kGauge;
  std::vector<PathStep> path;
  Reads reads = Reads::kValue;
  double scale = 1;
  double constant = 1;
  std::vector<std::pair<std::string, double>> values;
  std::vector<LabelRule> labels;
};

struct MappingCounts {
  std::size_t samples = 0;
  std::size_t missing = 0;      // rules whose path leads nowhere
  std::size_t not_numbers = 0;  // places where something stands that is no number
  std::size_t duplicates = 0;   // left out: the series stood before
};

/// Immutable; one thread at a time all the same (its memory is used again).
class JsonMapping {
 public:
  /// Reads the list of rules. Errors: kInvalid with position.
  static Result<JsonMapping> Read(const YamlFile& file, const YamlNode& node);

  /// Adds what the rules find. Work is bounded: at most `max_series` places are visited for all
  /// rules together, more is kLimit. Errors besides: kMalformed if `document` is no JSON.
  Result<MappingCounts> Apply(std::string_view document, std::size_t max_series,
                              FamilySink& out) const;

  std::size_t size() const { return rules_.size(); }

 private:
  std::vector<MetricRule> rules_;
};

}  // namespace tocsin::plugin
