#include "agent/http/form.h"

#include <algorithm>

#include "base/parse.h"
#include "base/percent.h"

namespace tocsin::http {
namespace {

/// The next piece of `text` up to `separator`, which is taken off too.
std::string_view TakePiece(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

bool IsForm(std::string_view content_type) {
  std::string_view rest = content_type;
  return EqualsIgnoringCase(Trim(TakePiece(rest, ';')), "application/x-www-form-urlencoded");
}

std::string Decode(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  return PercentDecoded(plain);
}

}  // namespace

Form Form::Parse(const Request& request) {
  Form form;
  if (IsForm(request.Header("content-type"))) form.Add(request.body);
  form.Add(request.query);
  return form;
}

void Form::Add(std::string_view encoded) {
  while (!encoded.empty() && values_.size() < kMaxParameters) {
    std::string_view value = TakePiece(encoded, '&');
    if (value.empty()) continue;
    const std::string_view name = TakePiece(value, '=');
    values_.emplace_back(Decode(name), Decode(value));
  }
}

std::string_view Form::Get(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

bool Form::Has(std::string_view name) const {
  return std::any_of(values_.begin(), values_.end(),
                     [&](const auto& value) { return value.first == name; });
}

std::vector<std::string_view> Form::All(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : values_) {
    if (key == name) found.push_back(value);
  }
  return found;
}

}  // namespace tocsin::http
