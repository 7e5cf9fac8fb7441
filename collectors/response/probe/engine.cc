#include "collectors/response/probe/engine.h"

#include <utility>

namespace tocsin::probe {

void Engine::Run(ProbeJob job, int retries, Done done) {
  Order order{std::move(job), retries, 1, std::move(done)};
  if (running_.size() >= max_parallel_) {
    waiting_.push_back(std::move(order));
  } else {
    Start(std::move(order));
  }
}

void Engine::Start(Order order) {
  const std::uint64_t id = next_id_++;
  ProbeJob job = order.job;
  auto probe =
      MakeProbe(network_, std::move(job), [this, id, order = std::move(order)](ProbeResult result) {
        Ended(id, order, std::move(result));
      });
  Probe* const started = running_.emplace(id, std::move(probe)).first->second.get();
  started->Start();
}

void Engine::Ended(std::uint64_t id, Order order, ProbeResult result) {
  const auto ended = running_.extract(id);  // destroyed at the end of this function
  result.attempts = order.attempt;
  const auto shared = std::make_shared<const ProbeResult>(std::move(result));
  history_.Add(order.job.module, order.job.target, shared);
  if (!shared->success() && order.attempt <= order.retries) {
    ++order.attempt;
    return Start(std::move(order));
  }
  order.done(shared);
  if (waiting_.empty() || running_.size() >= max_parallel_) return;
  Order next = std::move(waiting_.front());
  waiting_.pop_front();
  Start(std::move(next));
}

void Engine::Stop() {
  waiting_.clear();
  running_.clear();
}

}  // namespace tocsin::probe
