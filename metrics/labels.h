#pragma once
// What names a series. Immutable, sorted by name, one heap block, cheap to copy (a reference
// count), hash computed once. A Labels may be shared by any number of threads.

#include <atomic>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

inline constexpr std::string_view kMetricName = "__name__";

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

class LabelPair;

class Labels {
 public:
  Labels() = default;  // no labels; no heap block
  /// Any order; of a name that stands twice the last one counts. A label with an empty value is
  /// kept, because expositions show it: WithoutEmpty() gives what Prometheus considers the same.
  Labels(std::initializer_list<LabelView> labels)
      : Labels(std::span(labels.begin(), labels.size())) {}
  explicit Labels(std::span<const LabelView> labels);

  Labels(const Labels& other) noexcept : block_(other.block_) { Acquire(); }
  Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Labels& operator=(Labels other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Labels() { Release(); }

  std::size_t size() const { return block_ ? block_->shape / 2 : 0; }
  bool empty() const { return size() == 0; }
  /// The i-th label by name. The views live as long as any copy of these Labels.
  LabelView operator[](std::size_t i) const;
  /// The value under `name`, or an empty view when it is absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::string_view MetricName() const { return Get(kMetricName); }

  /// Equal labels have equal hashes; stable within one process only.
  std::uint64_t hash() const { return block_ ? block_->hash : 0; }
  /// Heap bytes of the shared block; without the texts if they are interned.
  std::size_t HeapBytes() const;

  /// The same labels, each name="value" of which stands in memory once for all interned Labels of
  /// the process: a third of the bytes where thousands of series have their labels in common. Takes
  /// some 50 ns a label: for what is kept.
  Labels Interned() const;

  Labels WithoutEmpty() const;
  Labels With(std::string_view name, std::string_view value) const;
  Labels Without(std::string_view name) const;

  /// `{a="1", b="2"}`, or `name{…}` when there is a metric name, as Prometheus prints series.
  std::string ToString() const;

  class Iterator {
   public:
    Iterator(const Labels* labels, std::size_t i) : labels_(labels), i_(i) {}
    LabelView operator*() const { return (*labels_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return i_ != other.i_; }

   private:
    const Labels* labels_;
    std::size_t i_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  friend bool operator==(const Labels& a, const Labels& b);
  /// Prometheus's order: label by label, name before value; fewer labels first on a tie.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  struct Block {
    std::atomic<std::uint32_t> refs;
    std::uint32_t shape;  // of labels, times 2; 1 more if they are interned
    std::uint64_t hash;
    // count × Entry, then the text; or count × const LabelPair*.
  };
  struct Entry {
    std::uint32_t name_at;  // from the start of the text
    std::uint32_t value_at;
    std::uint32_t end;
  };

  bool IsInterned() const { return block_ && block_->shape % 2 != 0; }
  const Entry* entries() const { return reinterpret_cast<const Entry*>(block_ + 1); }
  const LabelPair* const* pairs() const {
    return reinterpret_cast<const LabelPair* const*>(block_ + 1);
  }
  const char* text() const { return reinterpret_cast<const char*>(entries() + size()); }
  /// From `count` sorted labels, at(0) to at(count - 1).
  template <class At>
  void Build(std::size_t count, At at);
  void Acquire() const {
    if (block_) block_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  void Release();

  Block* block_ = nullptr;
};

/// What all interned Labels hold: distinct labels, and the table that finds them.
struct LabelPairStats {
  std::size_t pairs = 0;
  std::size_t buckets = 0;
};
LabelPairStats InternedLabels();

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.hash(); }
};

/// Changes labels one by one, then builds them once.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base);

  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Del(std::string_view name);
  /// The value under `name` as it stands, or empty.
  std::string_view Get(std::string_view name) const;
  Labels Build() const;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;
};

}  // namespace tocsin
