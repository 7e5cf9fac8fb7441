#pragma once
// How collectors tell "this host has no such thing" from "it has, and it is broken".

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tocsin {

/// The error of a source that a kernel may lack: a missing file becomes kUnsupported.
inline Error AbsentIsUnsupported(Error error) {
  if (error.code() != Errc::kNotFound) return error;
  return Error(Errc::kUnsupported, error.message());
}

/// The error of a source that every kernel has: a missing file means a missing mount, kIo.
inline Error AbsentIsFailure(Error error) {
  if (error.code() != Errc::kNotFound) return error;
  return Error(Errc::kIo, error.message());
}

/// The error of a file that YamlFields read: what is kInvalid in a person's settings is kMalformed
/// in a source.
inline Error InvalidIsMalformed(Error error) {
  if (error.code() != Errc::kInvalid) return error;
  return Error(Errc::kMalformed, error.message());
}

/// kMalformed, "what: expected …, found "text"", the text cut to a readable length.
Error MalformedText(std::string_view what, std::string_view expected, std::string_view text);

}  // namespace tocsin
