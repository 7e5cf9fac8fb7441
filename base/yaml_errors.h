#pragma once
// Errors of files that are read to their end rather than to their first mistake.

#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// Shared by the files of one configuration, used by one thread.
struct YamlErrors {
  static constexpr std::size_t kMax = 1000;  // later ones are dropped

  std::vector<Error> found;
  std::vector<std::string> places;  // "file:line:column" of what an error has spoilt

  /// Notes an error, unless it is about a place that an earlier one has spoilt.
  void Note(Error error);
};

/// `errors` by file, in the order in which the files first appear, then by line and column. Those
/// without a place come first.
std::vector<Error> InFileOrder(std::vector<Error> errors);

/// All of them, a line each (or more, with a caret). There is at least one.
Error Joined(const std::vector<Error>& errors);

}  // namespace tocsin
