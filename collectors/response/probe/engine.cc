#include "collectors/response/probe/engine.h"

#include <utility>

#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {

void Engine::Run(ProbeJob job, int retries, Done done, const void* owner) {
  Order order{std::move(job), retries, 1, std::move(done), owner};
  if (running_.size() >= max_parallel_) {
    waiting_.push_back(std::move(order));
  } else {
    Start(std::move(order));
  }
}

void Engine::Start(Order order) {
  const std::uint64_t id = next_id_++;
  ProbeJob job = order.job;
  const void* const owner = order.owner;
  auto probe =
      MakeProbe(network_, std::move(job), [this, id, order = std::move(order)](ProbeResult result) {
        Ended(id, order, std::move(result));
      });
  Probe* const started = probe.get();
  running_.emplace(id, Running{std::move(probe), owner});
  started->Start();
}

void Engine::Ended(std::uint64_t id, Order order, ProbeResult result) {
  const auto ended = running_.extract(id);  // destroyed at the end of this function
  result.attempts = order.attempt;
  const auto shared = std::make_shared<const ProbeResult>(std::move(result));
  history_.Add(order.job.module, RedactedTarget(order.job.target), shared);
  if (!shared->success() && order.attempt <= order.retries) {
    ++order.attempt;
    return Start(std::move(order));
  }
  order.done(shared);
  StartWaiting();
}

void Engine::StartWaiting() {
  // A probe that fails at once ends within its Start(): then this goes on, not one level deeper.
  if (std::exchange(starting_, true)) return;
  while (!waiting_.empty() && running_.size() < max_parallel_) {
    Order next = std::move(waiting_.front());
    waiting_.pop_front();
    Start(std::move(next));
  }
  starting_ = false;
}

void Engine::Drop(const std::unordered_set<const void*>& owners) {
  std::erase_if(waiting_, [&](const Order& order) { return owners.contains(order.owner); });
  std::erase_if(running_, [&](const auto& entry) { return owners.contains(entry.second.owner); });
  StartWaiting();
}

void Engine::Stop() {
  waiting_.clear();
  running_.clear();
}

}  // namespace tocsin::probe
