#include "base/yaml_errors.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/parse.h"

namespace tocsin {
namespace {

/// The "file:line:column" that a message begins with.
struct Place {
  std::string_view text;
  std::string_view file;
  int line;
  int column;
};

/// The first ":line:column: " of it; a file's name may have colons too.
std::optional<Place> PlaceOf(std::string_view message) {
  constexpr std::size_t kLongestPath = 4096;
  message = message.substr(0, kLongestPath);
  for (std::size_t at = message.find(':'); at != std::string_view::npos;
       at = message.find(':', at + 1)) {
    const auto second = message.find(':', at + 1);
    if (second == std::string_view::npos) break;
    const auto end = message.find(": ", second + 1);
    if (end == std::string_view::npos) break;
    const auto line = ParseInt<int>(message.substr(at + 1, second - at - 1));
    const auto column = ParseInt<int>(message.substr(second + 1, end - second - 1));
    if (line && column) return Place{message.substr(0, end), message.substr(0, at), *line, *column};
  }
  return std::nullopt;
}

}  // namespace

void YamlErrors::Note(Error error) {
  if (found.size() >= kMax) return;
  if (const auto place = PlaceOf(error.message())) {
    std::string text(place->text);
    // Without an earlier error nothing can be spoilt: one at least is always kept.
    if (!found.empty() && std::find(places.begin(), places.end(), text) != places.end()) return;
    places.push_back(std::move(text));
  }
  found.push_back(std::move(error));
}

std::vector<Error> InFileOrder(std::vector<Error> errors) {
  struct Key {
    std::size_t file;
    int line;
    int column;
    std::size_t index;
  };
  std::vector<std::string> files;
  std::vector<Key> keys;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto place = PlaceOf(errors[i].message());
    if (!place) {
      keys.push_back({0, 0, 0, i});
      continue;
    }
    auto file = std::find(files.begin(), files.end(), place->file);
    if (file == files.end()) file = files.insert(files.end(), std::string(place->file));
    keys.push_back(
        {static_cast<std::size_t>(file - files.begin()) + 1, place->line, place->column, i});
  }
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return std::tie(a.file, a.line, a.column, a.index) <
           std::tie(b.file, b.line, b.column, b.index);
  });
  std::vector<Error> sorted;
  sorted.reserve(errors.size());
  for (const Key& key : keys) sorted.push_back(std::move(errors[key.index]));
  return sorted;
}

Error Joined(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text.append(text.empty() ? "" : "\n").append(error.message());
  return {errors.front().code(), std::move(text)};
}

}  // namespace tocsin
