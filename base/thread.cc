#include "base/thread.h"

#include <system_error>
#include <utility>

namespace tocsin {

Result<std::thread> StartThread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return Error{Errc::kIo, error.what()};
  }
}

}  // namespace tocsin
