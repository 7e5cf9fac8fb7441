#pragma once
#include <cstdio>

#include "base/result.h"

namespace tocsin {

/// Says the error on standard error; the exit status of a command that could not do what was asked.
inline int Fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace tocsin
