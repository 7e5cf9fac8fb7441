#include "collectors/filter.h"

#include <re2/re2.h>

#include "metrics/regex.h"

namespace tocsin {
namespace {

Result<std::shared_ptr<const re2::RE2>> Compile(std::string_view pattern) {
  if (pattern.empty()) return std::shared_ptr<const re2::RE2>();
  std::shared_ptr<const re2::RE2> regex = CompileRegex(pattern, {.max_memory = 8 << 20});
  if (!regex->ok()) {
    return Error{Errc::kInvalid,
                 "bad regular expression \"" + std::string(pattern) + "\": " + regex->error()};
  }
  return regex;
}

bool Finds(const re2::RE2& regex, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

/// The setting under `key` or `fallback`, checked to compile so that an error has its position.
Result<std::string> ReadPattern(YamlFields& fields, std::string_view key,
                                std::string_view fallback) {
  if (key.empty()) return std::string(fallback);
  const YamlNode* node = fields.Find(key);
  if (!node) return std::string(fallback);
  TRY_ASSIGN(std::string pattern, YamlString(fields.file(), *node));
  if (auto regex = Compile(pattern); !regex)
    return fields.file().At(*node, regex.error().message());
  return pattern;
}

}  // namespace

Result<NameFilter> NameFilter::Make(std::string_view include, std::string_view exclude) {
  NameFilter filter;
  TRY_ASSIGN(filter.include_, Compile(include));
  TRY_ASSIGN(filter.exclude_, Compile(exclude));
  return filter;
}

bool NameFilter::Keeps(std::string_view name) const {
  return (!include_ || Finds(*include_, name)) && (!exclude_ || !Finds(*exclude_, name));
}

Result<NameFilter> ReadNameFilter(YamlFields& fields, const NameFilterKeys& keys) {
  TRY_ASSIGN(std::string include, ReadPattern(fields, keys.include, keys.default_include));
  TRY_ASSIGN(std::string exclude, ReadPattern(fields, keys.exclude, keys.default_exclude));
  const bool include_set = !keys.include.empty() && fields.Find(keys.include);
  const bool exclude_set = !keys.exclude.empty() && fields.Find(keys.exclude);
  if (!keys.both_allowed) {
    if (include_set && exclude_set && !include.empty() && !exclude.empty()) {
      return fields.file().At(*fields.Find(keys.exclude),
                              std::string(keys.include) + " and " + std::string(keys.exclude) +
                                  " exclude each other: set one of them");
    }
    if (include_set && !exclude_set) exclude.clear();
    if (exclude_set && !include_set) include.clear();
  }
  return NameFilter::Make(include, exclude);
}

}  // namespace tocsin
