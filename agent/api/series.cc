#include "agent/api/series.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "base/json.h"
#include "metrics/labels_json.h"
#include "metrics/names.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kValuesPrefix = "/api/v1/label/";
constexpr std::string_view kValuesSuffix = "/values";
constexpr std::string_view kCut = "results truncated due to limit";

using Selector = std::vector<Matcher>;

/// What all three ask by: the union of `match[]`, within start and end.
struct Question {
  std::vector<Selector> selectors;
  store::TimeRange range;
  std::size_t limit = std::numeric_limits<std::size_t>::max();
};

/// A question, or the answer that says what is wrong with it.
struct Asked {
  Question question;
  std::optional<http::Response> refused;
};

Asked ReadQuestion(const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  Asked asked;
  Question& question = asked.question;
  const auto start = TimeParam(form, "start", question.range.min_ms);
  const auto end = TimeParam(form, "end", question.range.max_ms);
  const auto limit = LimitParam(form, "limit");
  if (!start) return {{}, InvalidParameter("start", start.error())};
  if (!end) return {{}, InvalidParameter("end", end.error())};
  if (!limit) return {{}, InvalidParameter("limit", limit.error())};
  if (*end < *start) {
    return {{}, Failure(ErrorType::kBadData, "the end is before the start")};
  }
  question.range = {*start, *end};
  if (*limit > 0) question.limit = *limit;
  for (const std::string_view text : form.All("match[]")) {
    auto selector = promql::ParseSelector(text);
    if (!selector) return {{}, InvalidParameter("match[]", selector.error())};
    question.selectors.push_back(*std::move(selector));
  }
  return asked;
}

/// The sorted union of what `find` gives for each selector, or for no matchers at all.
template <class T, class Find>
std::vector<T> Union(const std::vector<Selector>& selectors, Find find) {
  if (selectors.empty()) return find(Selector{});
  std::vector<T> all;
  for (const Selector& selector : selectors) {
    std::vector<T> found = find(selector);
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

template <class T, class Write>
http::Response Answer(const std::vector<T>& found, std::size_t limit, Write write) {
  std::string data;
  JsonWriter json(data);
  json.BeginArray();
  for (std::size_t i = 0; i < std::min(found.size(), limit); ++i) write(json, found[i]);
  json.EndArray();
  std::vector<std::string> warnings;
  if (found.size() > limit) warnings.emplace_back(kCut);
  return Success(data, warnings);
}

void WriteString(JsonWriter& json, const std::string& text) { json.String(text); }

}  // namespace

http::Response LabelNames(const store::Store& store, const http::Request& request) {
  Asked asked = ReadQuestion(request);
  if (asked.refused) return *std::move(asked.refused);
  const Question& question = asked.question;
  return Answer(Union<std::string>(question.selectors,
                                   [&](const Selector& selector) {
                                     return store.LabelNames(question.range, selector);
                                   }),
                question.limit, WriteString);
}

http::Response LabelValues(const store::Store& store, const http::Request& request) {
  std::string_view name = request.path;
  if (!name.starts_with(kValuesPrefix) || !name.ends_with(kValuesSuffix)) {
    return Failure(ErrorType::kNotFound, "not found");
  }
  name.remove_prefix(kValuesPrefix.size());
  name.remove_suffix(kValuesSuffix.size());
  if (!IsLabelName(name)) {
    return Failure(ErrorType::kBadData, "invalid label name: \"" + std::string(name) + "\"");
  }
  Asked asked = ReadQuestion(request);
  if (asked.refused) return *std::move(asked.refused);
  const Question& question = asked.question;
  return Answer(Union<std::string>(question.selectors,
                                   [&](const Selector& selector) {
                                     return store.LabelValues(name, question.range, selector);
                                   }),
                question.limit, WriteString);
}

http::Response Series(const store::Store& store, const http::Request& request) {
  Asked asked = ReadQuestion(request);
  if (asked.refused) return *std::move(asked.refused);
  const Question& question = asked.question;
  if (question.selectors.empty()) {
    return Failure(ErrorType::kBadData, "at least one match[] is needed");
  }
  return Answer(
      Union<Labels>(
          question.selectors,
          [&](const Selector& selector) { return store.SeriesLabels(question.range, selector); }),
      question.limit, [](JsonWriter& json, const Labels& labels) { WriteLabels(labels, json); });
}

}  // namespace tocsin::api
