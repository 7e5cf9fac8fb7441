#pragma once
#include <functional>
#include <future>
#include <utility>

#include "collectors/net/loop.h"

namespace tocsin::net {

/// Runs `work` on the loop's thread and waits for it.
inline void OnLoop(Loop& loop, const std::function<void()>& work) {
  std::promise<void> done;
  loop.Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace tocsin::net
