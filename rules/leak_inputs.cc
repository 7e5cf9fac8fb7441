#include "rules/leak_inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/rule_query.h"

namespace tocsin {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr char kSeparator = '\xff';  // in no UTF-8 text

Result<JoinedValues> Read(const promql::ExprPtr& expr, std::int64_t t_ms,
                          const promql::Queryable& storage, const promql::EngineOptions& engine) {
  if (!expr) return JoinedValues();
  TRY_ASSIGN(auto samples, QueryVector(*expr, t_ms, storage, engine));
  return JoinedValues(std::move(samples));
}

}  // namespace

JoinedValues::JoinedValues(std::vector<promql::VectorSample> samples)
    : samples_(std::move(samples)) {
  for (const promql::VectorSample& sample : samples_) {
    same_count_ = same_count_ && sample.labels.size() == samples_.front().labels.size();
  }
}

bool JoinedValues::Belongs(const Labels& value, const Labels& series) {
  for (const LabelView label : value) {
    if (label.name != kMetricName && series.Get(label.name) != label.value) return false;
  }
  return true;
}

void JoinedValues::MakeShapes() const {
  for (std::uint32_t i = 0; i < samples_.size(); ++i) {
    std::vector<std::string> names;
    std::string values;
    for (const LabelView label : samples_[i].labels) {
      if (label.name == kMetricName) continue;
      names.emplace_back(label.name);
      values.append(label.value).push_back(kSeparator);
    }
    auto shape = std::find_if(shapes_.begin(), shapes_.end(),
                              [&](const Shape& known) { return known.names == names; });
    if (shape == shapes_.end()) {
      shapes_.push_back({std::move(names), {}});
      shape = shapes_.end() - 1;
    }
    shape->by_values.emplace(std::move(values), i);
  }
  std::stable_sort(shapes_.begin(), shapes_.end(),
                   [](const Shape& a, const Shape& b) { return a.names.size() > b.names.size(); });
}

double JoinedValues::Of(const Labels& series, std::uint32_t& hint) const {
  if (samples_.empty()) return kUnknown;
  // Most often it stands where it stood before, or is the only one.
  if (same_count_ && hint < samples_.size() && Belongs(samples_[hint].labels, series)) {
    return samples_[hint].value;
  }
  if (shapes_.empty()) MakeShapes();
  std::string values;
  for (const Shape& shape : shapes_) {
    values.clear();
    for (const std::string& name : shape.names) {
      values.append(series.Get(name)).push_back(kSeparator);
    }
    const auto found = shape.by_values.find(values);
    if (found == shape.by_values.end()) continue;
    hint = found->second;
    return samples_[hint].value;
  }
  return kUnknown;
}

Result<LeakInputs> ReadLeakInputs(const promql::Expr& series, const LeakSpec& spec,
                                  std::int64_t t_ms, const promql::Queryable& storage,
                                  const promql::EngineOptions& engine) {
  LeakInputs inputs;
  TRY_ASSIGN(inputs.series, QueryVector(series, t_ms, storage, engine));
  TRY_ASSIGN(inputs.limit, Read(spec.limit, t_ms, storage, engine));
  TRY_ASSIGN(inputs.total, Read(spec.total, t_ms, storage, engine));
  if (auto work = Read(spec.work, t_ms, storage, engine)) inputs.work = *std::move(work);
  if (auto restart = Read(spec.restart, t_ms, storage, engine)) {
    inputs.restart = *std::move(restart);
  }
  return inputs;
}

std::vector<BesideReading> ReadBeside(const LeakSpec& spec, const Labels& series,
                                      std::int64_t from_ms, std::int64_t to_ms,
                                      const promql::Queryable& storage,
                                      const promql::EngineOptions& engine) {
  std::vector<BesideReading> readings;
  for (const LeakSpec::Beside& beside : spec.beside) {
    const auto value = [&](std::int64_t t_ms) {
      const auto values = Read(beside.expr, t_ms, storage, engine);
      std::uint32_t hint = 0;
      return values ? values->Of(series, hint) : kUnknown;
    };
    const double from = value(from_ms);
    const double to = value(to_ms);
    // What was there at the beginning may be older than what the store keeps.
    if (!std::isnan(to)) readings.push_back({beside.name, from, to, beside.unit});
  }
  return readings;
}

}  // namespace tocsin
