#include "collectors/plugin/json_mapping.h"

#include <simdjson.h>

#include <algorithm>

#include "base/decimal.h"
#include "base/format.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/seen_set.h"

namespace tocsin::plugin {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kShownText = 60;

std::optional<dom::element> ChildOf(dom::element parent, const std::string& step) {
  dom::element child;
  if (parent.is_object()) {
    if (parent.get_object().value_unsafe().at_key(step).get(child) == simdjson::SUCCESS) {
      return child;
    }
  } else if (parent.is_array()) {
    const auto index = ParseInt<std::size_t>(step);
    if (index && parent.get_array().value_unsafe().at(*index).get(child) == simdjson::SUCCESS) {
      return child;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> StringOf(dom::element element) {
  std::string_view text;
  if (element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<double> PlainNumber(dom::element element) {
  switch (element.type()) {
    case dom::element_type::INT64:
      return static_cast<double>(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return static_cast<double>(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe() ? 1 : 0;
    default:
      return std::nullopt;
  }
}

std::optional<double> NumberOf(dom::element element, const MetricRule& rule) {
  if (const auto number = PlainNumber(element)) return number;
  const auto text = StringOf(element);
  if (!text) return std::nullopt;
  for (const auto& [word, number] : rule.values) {
    if (word == *text) return number;
  }
  return ParseDouble(Trim(*text));
}

std::string LabelText(dom::element element) {
  if (const auto text = StringOf(element)) return std::string(*text);
  switch (element.type()) {
    case dom::element_type::INT64:
      return std::to_string(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return std::to_string(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return FormatGoFloat(element.get_double().value_unsafe());
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe() ? "true" : "false";
    default:
      return {};
  }
}

/// Follows one rule through a document.
class Walk {
 public:
  Walk(const MetricRule& rule, dom::element root, std::size_t& visits_left, SeenSet& seen,
       MappingCounts& counts, FamilySink& out)
      : rule_(rule),
        visits_left_(visits_left),
        seen_(seen),
        counts_(counts),
        out_(out),
        nodes_{root},
        keys_{std::string()},
        texts_(rule.labels.size()) {}

  Status Run() {
    TRY(Visit(nodes_.front(), 0));
    if (!found_) ++counts_.missing;
    return Unit{};
  }

 private:
  /// As deep as the rule's path is long.
  Status Visit(dom::element at, std::size_t step) {
    if (step == rule_.path.size()) return Found(at);
    if (const PathStep& name = rule_.path[step]) {
      const auto child = ChildOf(at, *name);
      return child ? Visit(*child, step + 1) : Status(Unit{});
    }
    if (at.is_object()) {
      const dom::object members = at.get_object().value_unsafe();  // the result is a temporary
      for (const dom::key_value_pair member : members) {
        TRY(VisitStar(member.value, std::string(member.key), step));
      }
    } else if (at.is_array()) {
      std::size_t index = 0;
      const dom::array items = at.get_array().value_unsafe();
      for (const dom::element item : items) {
        TRY(VisitStar(item, std::to_string(index++), step));
      }
    }
    return Unit{};
  }

  Status VisitStar(dom::element child, std::string key, std::size_t step) {
    if (visits_left_ == 0) return Error{Errc::kLimit, "more places than max_series allows"};
    --visits_left_;
    for (std::size_t i = 0; i < rule_.labels.size(); ++i) {
      if (rule_.labels[i].of == nodes_.size()) texts_[i].reset();
    }
    nodes_.push_back(child);
    keys_.push_back(std::move(key));
    const Status status = Visit(child, step + 1);
    nodes_.pop_back();
    keys_.pop_back();
    return status;
  }

  Status Found(dom::element at) {
    found_ = true;
    std::optional<double> value;
    switch (rule_.reads) {
      case MetricRule::Reads::kValue:
        value = NumberOf(at, rule_);
        break;
      case MetricRule::Reads::kCount:
        if (at.is_array()) value = static_cast<double>(at.get_array().value_unsafe().size());
        if (at.is_object()) value = static_cast<double>(at.get_object().value_unsafe().size());
        break;
      case MetricRule::Reads::kConstant:
        value = rule_.constant;
        break;
    }
    if (!value) {
      if (!at.is_null()) ++counts_.not_numbers;
      return Unit{};
    }
    const bool scaled = rule_.scale != 1 && rule_.reads != MetricRule::Reads::kConstant;
    Add(scaled ? MultiplyDecimals(*value, rule_.scale) : *value);
    return Unit{};
  }

  void Add(double value) {
    labels_.clear();
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (!texts_[i]) texts_[i] = TextOf(rule_.labels[i]);
      if (!texts_[i]->empty()) labels_.push_back({rule_.labels[i].name, *texts_[i]});
    }
    std::string identity = rule_.name;
    std::sort(labels_.begin(), labels_.end());
    for (const LabelView& label : labels_) {
      identity.append(1, '\xff').append(label.name).append(1, '\xff').append(label.value);
    }
    if (!seen_.Insert(identity)) {
      ++counts_.duplicates;
      return;
    }
    ++counts_.samples;
    out_.Add({rule_.name, rule_.type, rule_.help}, labels_, value);
  }

  std::string TextOf(const LabelRule& label) const {
    if (label.kind == LabelRule::Kind::kFixed) return label.text;
    if (label.kind == LabelRule::Kind::kKey) return keys_[label.of];
    std::optional<dom::element> at = nodes_[label.of];
    for (const PathStep& step : label.path) {
      at = ChildOf(*at, *step);
      if (!at) return {};
    }
    return LabelText(*at);
  }

  const MetricRule& rule_;
  std::size_t& visits_left_;
  SeenSet& seen_;
  MappingCounts& counts_;
  FamilySink& out_;
  std::vector<dom::element> nodes_;  // the document, then what each * stands for
  std::vector<std::string> keys_;
  bool found_ = false;
  // Of each label, until what it is taken from changes: finding a field takes time.
  std::vector<std::optional<std::string>> texts_;
  std::vector<LabelView> labels_;
};

}  // namespace

Result<MappingCounts> JsonMapping::Apply(std::string_view document, std::size_t max_series,
                                         FamilySink& out) const {
  // A parser keeps several times the document in memory: not from round to round.
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(document.data(), document.size()).get(root)) {
    return Error{Errc::kMalformed, std::string("no JSON (") + simdjson::error_message(error) +
                                       "): \"" + OneLine(document, kShownText) + "\""};
  }
  MappingCounts counts;
  SeenSet seen;
  std::size_t visits_left = max_series;
  for (const MetricRule& rule : rules_) {
    TRY(Walk(rule, root, visits_left, seen, counts, out).Run());
  }
  return counts;
}

}  // namespace tocsin::plugin
