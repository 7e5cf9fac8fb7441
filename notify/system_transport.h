#pragma once
// The Transport of the running agent: HTTP and mail by libcurl, programs by exec.

#include "notify/transport.h"

namespace tocsin::notify {

/// `clock` outlives it. Errors: kIo if the kernel gives no descriptor for waking it.
Result<std::unique_ptr<Transport>> MakeSystemTransport(const Clock& clock);

}  // namespace tocsin::notify
