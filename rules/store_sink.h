#pragma once
#include <span>
#include <string>

#include "rules/group.h"
#include "rules/memory_store.h"

namespace tocsin {

/// Puts the samples that rules write into a store, where later rules find them. Nobody is told
/// anything, unless a derived class does it.
class StoreSink : public RuleSink {
 public:
  /// `store` must outlive this.
  explicit StoreSink(MemoryStore& store) : store_(store) {}

  void Write(const std::string&, std::span<const RuleSample> samples) override {
    for (const RuleSample& sample : samples) {
      store_.Append(sample.labels, sample.t_ms, sample.value);
    }
  }
  void Notify(std::span<const AlertEvent>) override {}

 private:
  MemoryStore& store_;
};

}  // namespace tocsin
