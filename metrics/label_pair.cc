#include "metrics/label_pair.h"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace tocsin {
namespace {

constexpr std::size_t kFewestBuckets = 256;

std::size_t HashOf(const LabelView& label) {
  const std::hash<std::string_view> hash;
  return hash(label.name) * 31 + hash(label.value);
}

}  // namespace

LabelPair::LabelPair(const LabelView& label, std::size_t hash)
    : name_size_(static_cast<std::uint32_t>(label.name.size())),
      value_size_(static_cast<std::uint32_t>(label.value.size())),
      hash_(hash) {
  char* const text = reinterpret_cast<char*>(this + 1);
  std::copy(label.name.begin(), label.name.end(), text);
  std::copy(label.value.begin(), label.value.end(), text + name_size_);
}

/// All pairs there are, by hash.
class LabelPairTable {
 public:
  const LabelPair& Get(const LabelView& label) {
    const std::size_t hash = HashOf(label);
    const MutexLock lock(mutex_);
    for (LabelPair* pair = BucketOf(hash); pair; pair = pair->next_) {
      if (pair->hash_ != hash || pair->view() != label) continue;
      pair->AddRef();
      return *pair;
    }
    if (count_ >= buckets_.size()) Resize(buckets_.size() * 2);
    void* const memory = ::operator new(sizeof(LabelPair) + label.name.size() + label.value.size());
    auto* const pair = new (memory) LabelPair(label, hash);
    pair->next_ = std::exchange(BucketOf(hash), pair);
    ++count_;
    return *pair;
  }

  /// The caller has what may be the last reference. It is taken back under the lock, because Get
  /// may be handing out another one.
  void Release(const LabelPair& last) {
    const MutexLock lock(mutex_);
    if (last.refs_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    LabelPair** at = &BucketOf(last.hash_);
    while (*at != &last) at = &(*at)->next_;
    LabelPair* const pair = *at;
    *at = pair->next_;
    pair->~LabelPair();
    ::operator delete(pair);
    --count_;
    if (count_ * 8 < buckets_.size() && buckets_.size() > kFewestBuckets) {
      Resize(buckets_.size() / 2);
    }
  }

  LabelPairStats Stats() {
    const MutexLock lock(mutex_);
    return {count_, buckets_.size()};
  }

 private:
  LabelPair*& BucketOf(std::size_t hash) REQUIRES(mutex_) {
    return buckets_[hash & (buckets_.size() - 1)];
  }

  void Resize(std::size_t buckets) REQUIRES(mutex_) {
    std::vector<LabelPair*> old(buckets, nullptr);
    old.swap(buckets_);
    for (LabelPair* pair : old) {
      while (pair) {
        LabelPair* const next = pair->next_;
        pair->next_ = std::exchange(BucketOf(pair->hash_), pair);
        pair = next;
      }
    }
  }

  Mutex mutex_;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
  std::vector<LabelPair*> buckets_ GUARDED_BY(mutex_) = std::vector<LabelPair*>(kFewestBuckets,
                                                                                nullptr);
};

namespace {

/// Never destroyed: Labels of static objects may end after it.
LabelPairTable& Table() {
  static auto* const table = new LabelPairTable;
  return *table;
}

}  // namespace

const LabelPair& LabelPair::Intern(const LabelView& label) { return Table().Get(label); }

void LabelPair::Release() const {
  std::uint32_t refs = refs_.load(std::memory_order_relaxed);
  while (refs > 1) {
    if (refs_.compare_exchange_weak(refs, refs - 1, std::memory_order_release,
                                    std::memory_order_relaxed)) {
      return;
    }
  }
  Table().Release(*this);
}

LabelPairStats InternedLabels() { return Table().Stats(); }

}  // namespace tocsin
