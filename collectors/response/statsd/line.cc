#include "collectors/response/statsd/line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/ascii.h"
#include "base/parse.h"
#include "collectors/response/access_fields.h"

namespace tocsin::statsd {
namespace {

/// A sample may stand for a million observations at most.
constexpr double kLeastRate = 1e-6;
constexpr std::size_t kMaxComponents = 8;

/// What follows the value of a sample.
struct Options {
  double rate = 1;
  std::string_view tags;
  std::string_view container;
};

/// Takes the text before the next `separator` off the front; all of it when there is none.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::optional<double> ReadNumber(std::string_view text) {
  if (const auto plain = ParsePlainDecimal(text)) return plain;
  const auto value = ParseDouble(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<Kind> KindOf(std::string_view type) {
  if (type == "c") return Kind::kCounter;
  if (type == "g") return Kind::kGauge;
  if (type == "ms") return Kind::kTimer;
  if (type == "h" || type == "d") return Kind::kHistogram;
  if (type == "s") return Kind::kSet;
  return std::nullopt;
}

std::optional<SampleError> ReadOption(std::string_view option, Options& options) {
  if (option.empty()) return SampleError::kMalformedComponent;
  const std::string_view rest = option.substr(1);
  switch (option.front()) {
    case '@': {
      const auto rate = ReadNumber(rest);
      if (!rate || *rate < kLeastRate || *rate > 1) return SampleError::kInvalidSampleFactor;
      options.rate = *rate;
      return std::nullopt;
    }
    case '#':
      options.tags = rest;
      return std::nullopt;
    case 'c':
      if (!rest.starts_with(':') || rest.size() < 2) return SampleError::kMalformedContainer;
      options.container = rest.substr(1);
      return std::nullopt;
    case 'T':
      if (!ParseInt<std::int64_t>(rest)) return SampleError::kMalformedTimestamp;
      return std::nullopt;
    default:
      return SampleError::kInvalidSampleFactor;
  }
}

/// `text` is what follows the type, with the '|' before it, or empty.
std::optional<SampleError> ReadOptions(std::string_view text, Options& options) {
  std::size_t components = 2;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view option = text.substr(0, text.find('|'));
    text.remove_prefix(option.size());
    if (++components > kMaxComponents) return SampleError::kMalformedComponent;
    if (const auto error = ReadOption(option, options)) return error;
  }
  return std::nullopt;
}

void TakeValue(std::string_view value, Sample& sample, double rate, LineSink& sink) {
  sample.relative = false;
  sample.weight = 1;
  if (sample.kind == Kind::kSet) {
    sample.member = value;
    return sink.Take(sample);
  }
  const auto number = ReadNumber(value);
  if (!number) return sink.TakeError(SampleError::kMalformedValue);
  sample.value = *number;
  switch (sample.kind) {
    case Kind::kCounter:
      sample.value /= rate;
      break;
    case Kind::kGauge:
      sample.relative = value.front() == '+' || value.front() == '-';
      break;
    case Kind::kTimer:
      sample.value /= 1000;
      sample.weight = std::trunc(1 / rate);
      break;
    case Kind::kHistogram:
      sample.weight = std::trunc(1 / rate);
      break;
    case Kind::kSet:
      break;
  }
  sink.Take(sample);
}

/// One "value|type|option|…", or packed values in place of one.
void ReadSample(std::string_view name, std::string_view text, LineSink& sink) {
  std::string_view values = TakeUntil(text, '|');
  const std::string_view type = text.substr(0, text.find('|'));
  text.remove_prefix(type.size());
  Options options;
  if (const auto error = ReadOptions(text, options)) return sink.TakeError(*error);
  const auto kind = KindOf(type);
  if (!kind) return sink.TakeError(SampleError::kIllegalEvent);
  Sample sample{name, options.tags, options.container, *kind, false, 0, 1, {}};
  if (*kind == Kind::kSet) return TakeValue(values, sample, options.rate, sink);
  do {
    TakeValue(TakeUntil(values, ':'), sample, options.rate, sink);
  } while (!values.empty());
}

bool MayBePacked(std::string_view type) { return type == "ms" || type == "h" || type == "d"; }

void AddTag(std::string_view tag, char separator, Identity& identity) {
  const std::size_t at = tag.find(separator);
  if (at == std::string_view::npos || at == 0 || at + 1 == tag.size()) {
    ++identity.tag_errors;
    return;
  }
  identity.tags.emplace_back(EscapeName(tag.substr(0, at)), tag.substr(at + 1));
}

void AddTags(std::string_view tags, char separator, Identity& identity) {
  while (!tags.empty()) {
    std::string_view tag = TakeUntil(tags, ',');
    if (separator == ':' && tag.starts_with('#')) tag.remove_prefix(1);
    AddTag(tag, separator, identity);
  }
}

/// The name without the tags that stand in it.
std::string ReadName(std::string_view name, Identity& identity) {
  const std::size_t open = name.find('[');
  const std::size_t close = name.find(']');
  const bool has_open = open != std::string_view::npos;
  const bool has_close = close != std::string_view::npos;
  if (has_open && has_close && open < close) {
    AddTags(name.substr(open + 1, close - open - 1), '=', identity);
    return std::string(name.substr(0, open)) + std::string(name.substr(close + 1));
  }
  if (has_open || has_close) {
    ++identity.tag_errors;
    return std::string(name);
  }
  const std::size_t end = name.find_first_of("#,");
  if (end == std::string_view::npos) return std::string(name);
  AddTags(name.substr(end + 1), '=', identity);
  return std::string(name.substr(0, end));
}

}  // namespace

std::string_view SampleErrorText(SampleError error) {
  constexpr std::array<std::string_view, kSampleErrors> kTexts{
      "malformed_line",       "not_enough_parts_after_colon", "malformed_component",
      "malformed_value",      "invalid_sample_factor",        "invalid_extended_aggregate_type",
      "mixed_tagging_styles", "malformed_container_id",       "malformed_timestamp",
      "illegal_event"};
  return kTexts[static_cast<std::size_t>(error)];
}

LineKind ReadLine(std::string_view line, LineSink& sink) {
  if (line.starts_with("_e{")) return LineKind::kEvent;
  if (line.starts_with("_sc|")) return LineKind::kServiceCheck;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    sink.TakeError(SampleError::kMalformedLine);
    return LineKind::kSamples;
  }
  const std::string_view name = line.substr(0, colon);
  std::string_view rest = line.substr(colon + 1);
  const std::size_t bar = rest.find('|');
  if (bar == std::string_view::npos) {
    sink.TakeError(SampleError::kNotEnoughParts);
    return LineKind::kSamples;
  }
  const bool tagged = rest.find("|#", bar) != std::string_view::npos;
  if (tagged && name.find_first_of("#,[") != std::string_view::npos) {
    sink.TakeError(SampleError::kMixedTagging);
    return LineKind::kSamples;
  }
  const bool colons = rest.find(':') < bar;
  const std::string_view after = rest.substr(bar + 1);
  const std::string_view type = after.substr(0, after.find('|'));
  const bool is_set = type == "s";  // whose members may hold colons (2001:db8::1)
  if (colons && !is_set && !MayBePacked(type)) {
    sink.TakeError(SampleError::kInvalidPackedType);
  } else if (colons || tagged) {
    ReadSample(name, rest, sink);
  } else {
    // Several samples of one name. (A container's id has a colon too.)
    while (!rest.empty()) {
      std::size_t end = rest.find(':');
      while (end != std::string_view::npos && rest.substr(0, end).ends_with("|c") &&
             rest.find('|') + 2 < end) {
        end = rest.find(':', end + 1);
      }
      const std::string_view one = rest.substr(0, end);
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      if (one.find('|') == std::string_view::npos) {
        sink.TakeError(SampleError::kMalformedComponent);
      } else {
        ReadSample(name, one, sink);
      }
    }
  }
  return LineKind::kSamples;
}

Identity ReadIdentity(const Sample& sample) {
  Identity identity;
  identity.name = ReadName(sample.name, identity);
  AddTags(sample.tags, ':', identity);
  if (!sample.container.empty()) identity.tags.emplace_back("container_id", sample.container);
  return identity;
}

std::string EscapeName(std::string_view name) {
  std::string out;
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') out += '_';
  char before = 0;
  for (const char c : name) {
    // One '_' for a character, however many bytes it has.
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (IsWordChar(c)) {
      out += c;
    } else if (!continues && !(c == '-' && before == '-')) {
      out += '_';
    }
    before = c;
  }
  return out;
}

}  // namespace tocsin::statsd
