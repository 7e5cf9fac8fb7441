#include "agent/runtime/collector_output.h"

#include <utility>

namespace tocsin {
namespace {

class CollectorOutput final : public RoundReceiver {
 public:
  CollectorOutput(Board& board, std::string collector, std::unique_ptr<store::Source> source)
      : board_(board), collector_(std::move(collector)), source_(std::move(source)) {}

  void Publish(Ref<const Snapshot> snapshot) override {
    source_->Append(snapshot);
    board_.Publish(collector_, std::move(snapshot));
  }

  void Withdraw(WallTime at) override {
    source_->MarkStale(at);
    board_.Publish(collector_, nullptr);
  }

 private:
  Board& board_;
  const std::string collector_;
  const std::unique_ptr<store::Source> source_;
};

}  // namespace

std::unique_ptr<RoundReceiver> MakeCollectorOutput(Board& board, std::string collector,
                                                   std::unique_ptr<store::Source> source) {
  return std::make_unique<CollectorOutput>(board, std::move(collector), std::move(source));
}

}  // namespace tocsin
