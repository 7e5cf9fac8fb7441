#pragma once
// A Transport that answers as the test says, and remembers what it was given.

#include <deque>
#include <map>
#include <vector>

#include "notify/transport.h"

namespace tocsin::notify {

class ScriptedTransport final : public Transport {
 public:
  struct Started {
    std::uint64_t id;
    Request request;
    const HttpRequest& http() const { return std::get<HttpRequest>(request); }
  };

  void Start(std::uint64_t id, Request request) override {
    started.push_back({id, std::move(request)});
  }
  std::vector<Completion> Wait(nanoseconds timeout) override {
    last_wait = timeout;
    return std::exchange(completions_, {});
  }
  void Wake() override {}

  /// The exchanges begun and not yet answered whose URL begins with `prefix`, oldest first.
  std::vector<const Started*> Open(std::string_view prefix) const {
    std::vector<const Started*> open;
    for (const Started& s : started) {
      if (!answered_.count(s.id) && s.http().url.starts_with(prefix)) open.push_back(&s);
    }
    return open;
  }
  /// Answers the oldest open exchange to `prefix`; true if there was one.
  bool AnswerTo(std::string_view prefix, Result<Answer> answer) {
    const auto open = Open(prefix);
    if (open.empty()) return false;
    answered_[open.front()->id] = true;
    completions_.push_back({open.front()->id, std::move(answer)});
    return true;
  }

  std::deque<Started> started;
  nanoseconds last_wait{};

 private:
  std::map<std::uint64_t, bool> answered_;
  std::vector<Completion> completions_;
};

inline Result<Answer> WithStatus(int status, std::string retry_after = {}) {
  return Answer{status, std::move(retry_after), {}};
}

}  // namespace tocsin::notify
