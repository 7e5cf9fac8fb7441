#pragma once
// How what is pushed to the agent over HTTP reaches a collector.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"

namespace tocsin::net {

struct PushRequest {
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view body;
};

struct PushReply {
  int status = 200;
  std::string content_type;
  std::string body;
};

/// Called by several threads at once.
using PushHandler = std::function<PushReply(const PushRequest&)>;

/// Which collector takes what is pushed to a path. One an agent; thread-safe.
class Inlets {
 public:
  /// Takes a path over until it is destroyed, or another one takes it over.
  class Claim {
   public:
    Claim(Inlets& inlets, std::string path, PushHandler handler)
        : inlets_(inlets),
          path_(std::move(path)),
          handler_(std::make_shared<const PushHandler>(std::move(handler))) {
      const MutexLock lock(inlets_.mutex_);
      inlets_.handlers_[path_] = handler_;
    }
    /// Calls under way may go on for a while: the handler owns what it uses.
    ~Claim() {
      const MutexLock lock(inlets_.mutex_);
      const auto found = inlets_.handlers_.find(path_);
      if (found != inlets_.handlers_.end() && found->second == handler_) {
        inlets_.handlers_.erase(found);
      }
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    Inlets& inlets_;
    const std::string path_;
    const std::shared_ptr<const PushHandler> handler_;
  };

  /// 404 if no collector takes this path.
  PushReply Push(std::string_view path, const PushRequest& request) {
    std::shared_ptr<const PushHandler> handler;
    {
      const MutexLock lock(mutex_);
      const auto found = handlers_.find(path);
      if (found != handlers_.end()) handler = found->second;
    }
    if (handler) return (*handler)(request);
    return {404, "text/plain; charset=utf-8", "no collector that is switched on takes this\n"};
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const PushHandler>, std::less<>> handlers_
      GUARDED_BY(mutex_);
};

}  // namespace tocsin::net
