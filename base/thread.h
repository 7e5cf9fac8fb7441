#pragma once
// Threads on a host that may give no more of them.

#include <functional>
#include <thread>

#include "base/result.h"

namespace tocsin {

/// A thread that runs `work`. Errors: kIo where the host is at its limit; the message says which.
Result<std::thread> StartThread(std::function<void()> work);

}  // namespace tocsin
