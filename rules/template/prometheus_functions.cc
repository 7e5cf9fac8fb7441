// The functions and data of Prometheus's rule templates.

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>

#include "base/parse.h"
#include "base/percent.h"
#include "rules/template/escape.h"
#include "rules/template/fmt.h"
#include "rules/template/functions.h"
#include "rules/template/humanize.h"
#include "rules/template/prometheus_types.h"
#include "rules/template/shared_functions.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {
namespace {

constexpr int kMaxValueDepth = 64;  // of args within args

Error Wrong(std::string what) { return {Errc::kInvalid, std::move(what)}; }

// ---- Queries ------------------------------------------------------------------------------------

Value SampleValue(const QuerySample& sample) {
  return Value::Struct(
      {{"Labels", Value::Of(sample.labels)}, {"Value", Value::Float(sample.value)}}, kSampleType);
}

Result<Value> Query(const Call& call) {
  constexpr std::size_t kQueryWork = 1000;
  const QueryFunction* const query = call.environment.query;
  if (!query || !*query) return Wrong("queries are not possible here");
  TRY_ASSIGN(const std::vector<QuerySample> samples,
             (*query)(call.args[0].AsString(), call.environment.now));
  call.work += kQueryWork * (1 + samples.size());
  ValueList list;
  list.reserve(samples.size());
  for (const QuerySample& sample : samples) list.push_back(SampleValue(sample));
  return Value::List(std::move(list), kSamplesType);
}

std::span<const Value> Samples(const Value& value) {
  return value.is_nil() ? std::span<const Value>{} : value.AsList();
}

Result<Value> First(const Call& call) {
  const auto samples = Samples(call.args[0]);
  if (samples.empty()) return Wrong("first() called on vector with no elements");
  return samples[0];
}

Value SampleLabel(const Value& sample, std::string_view name) {
  Value labels;
  Value value;
  sample.Find("Labels", labels);
  return labels.Find(name, value) ? value : Value::String("");
}

Result<Value> SampleNumber(const Call& call) {
  Value value;
  call.args[0].Find("Value", value);
  return value;
}

Result<Value> SortByLabel(const Call& call) {
  const std::string_view name = call.args[0].AsString();
  const auto samples = Samples(call.args[1]);
  call.work += samples.size() * 1000;
  std::vector<std::pair<Value, Value>> keyed;
  keyed.reserve(samples.size());
  for (const Value& sample : samples) keyed.emplace_back(SampleLabel(sample, name), sample);
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first.AsString() < b.first.AsString();
  });
  ValueList sorted;
  sorted.reserve(keyed.size());
  for (auto& entry : keyed) sorted.push_back(std::move(entry.second));
  return Value::List(std::move(sorted), kSamplesType);
}

// ---- Hosts and links ----------------------------------------------------------------------------

struct HostPort {
  std::string_view host;
  std::string_view port;
};

/// net.SplitHostPort; nothing where it fails.
std::optional<HostPort> SplitHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto bracketed = [](std::string_view part) {
    return part.find_first_of("[]") != std::string_view::npos;
  };
  if (bracketed(host) || bracketed(port)) return std::nullopt;
  return HostPort{host, port};
}

bool IsIpAddress(std::string_view host) {
  const std::string text(host);
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Result<Value> StripPort(const Call& call) {
  const std::string_view text = call.args[0].AsString();
  const auto split = SplitHostPort(text);
  return Value::String(std::string(split ? split->host : text));
}

Result<Value> StripDomain(const Call& call) {
  const std::string_view text = call.args[0].AsString();
  const HostPort split = SplitHostPort(text).value_or(HostPort{text, {}});
  if (IsIpAddress(split.host)) return Value::String(std::string(text));
  std::string host(split.host.substr(0, split.host.find('.')));
  if (split.port.empty()) return Value::String(std::move(host));
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return Value::String(host + ":" + std::string(split.port));
}

Value ExpressionLink(const Call& call, std::string_view tab) {
  return Value::String("/graph?g0.expr=" + EscapeQuery(call.args[0].AsString()) +
                       "&g0.tab=" + std::string(tab));
}

/// The path of a URL, as net/url has it, without what comes after it.
std::string UrlPath(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto path = url.find_first_of("/?#", scheme + 3);
    url = path == std::string_view::npos ? std::string_view{} : url.substr(path);
  }
  return std::string(url.substr(0, url.find_first_of("?#")));
}

// ---- Numbers ------------------------------------------------------------------------------------

Result<Value> Timestamp(const Call& call, bool as_text) {
  TRY_ASSIGN(const double seconds_value, ToNumber(call.args[0]));
  if (!std::isfinite(seconds_value)) {
    if (as_text) return Value::String(FourDigits(seconds_value));
    return Wrong("value is NaN or Inf");
  }
  TRY_ASSIGN(const Time time, TimeOfSeconds(seconds_value));
  if (!as_text) return Value::Of(time);
  return Value::String(kTimeType.to_string(Value::Of(time)));
}

Result<Value> ParseDurationSeconds(const Call& call) {
  TRY_ASSIGN(const std::chrono::milliseconds duration, ParseDuration(call.args[0].AsString()));
  return Value::Float(ToSeconds(duration));
}

Result<Value> Args(const Call& call) {
  ValueMap map;
  map.reserve(call.args.size());
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    map.emplace_back("arg" + std::to_string(i), call.args[i]);
  }
  Value value = Value::Map(std::move(map));
  if (value.depth() > kMaxValueDepth) {
    return Error{Errc::kLimit, "args nested too deeply"};
  }
  return value;
}

constexpr Param kAny[] = {Param::kAny};
constexpr Param kString[] = {Param::kString};
constexpr Param kSamples[] = {Param::kSamples};
constexpr Param kSample[] = {Param::kSample};
constexpr Param kLabelOf[] = {Param::kString, Param::kSample};
constexpr Param kSortBy[] = {Param::kString, Param::kSamples};
constexpr std::span<const Param> kNone(kAny, 0);

constexpr Function kFunctions[] = {
    {"args", kAny, true, Args},
    {"externalURL", kNone, false,
     [](const Call& call) -> Result<Value> {
       return Value::String(std::string(call.environment.external_url));
     }},
    {"first", kSamples, false, First},
    {"graphLink", kString, false,
     [](const Call& call) -> Result<Value> { return ExpressionLink(call, "0"); }},
    {"humanize", kAny, false, HumanizeCall<Humanize>},
    {"humanize1024", kAny, false, HumanizeCall<Humanize1024>},
    {"humanizeDuration", kAny, false, HumanizeCall<HumanizeDuration>},
    {"humanizePercentage", kAny, false, HumanizeCall<HumanizePercentage>},
    {"humanizeTimestamp", kAny, false, [](const Call& call) { return Timestamp(call, true); }},
    {"label", kLabelOf, false,
     [](const Call& call) -> Result<Value> {
       return SampleLabel(call.args[1], call.args[0].AsString());
     }},
    kMatchFunction,
    {"parseDuration", kString, false, ParseDurationSeconds},
    {"pathPrefix", kNone, false,
     [](const Call& call) -> Result<Value> {
       return Value::String(UrlPath(call.environment.external_url));
     }},
    {"query", kString, false, Query},
    kReReplaceAllFunction,
    kSafeHtmlFunction,
    {"sortByLabel", kSortBy, false, SortByLabel},
    {"stripDomain", kString, false, StripDomain},
    {"stripPort", kString, false, StripPort},
    {"strvalue", kSample, false,
     [](const Call& call) -> Result<Value> { return SampleLabel(call.args[0], "__value__"); }},
    {"tableLink", kString, false,
     [](const Call& call) -> Result<Value> { return ExpressionLink(call, "1"); }},
    {"title", kString, false, TextCall<TitleWords>},
    {"toLower", kString, false, TextCall<ToLower>},
    {"toTime", kAny, false, [](const Call& call) { return Timestamp(call, false); }},
    {"toUpper", kString, false, TextCall<ToUpper>},
    {"value", kSample, false, SampleNumber},
};
constexpr FunctionSet kPrometheus(kFunctions);

}  // namespace

const TypeInfo kSamplesType{.name = "template.queryResult"};
const TypeInfo kSampleType{.name = "*template.sample", .pointer = true};
const TypeInfo kAlertDataType{
    .name =
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL "
        "string; Value float64 }"};

const FunctionSet& PrometheusFunctions() { return kPrometheus; }

}  // namespace tocsin::tmpl
