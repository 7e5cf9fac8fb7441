#pragma once
// The last buckets of one scale. Takes room as they come: a process that lives for minutes, of
// which a busy host has thousands a day, costs a tenth of one that is there for good.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "rules/trend/statistics.h"

namespace tocsin::trend {

struct Bucket {
  float low = 0;            // least value in it
  std::uint16_t tooth = 0;  // bfloat16: greatest less least
  std::uint16_t work = 0;   // bfloat16, NaN: unknown
  std::uint8_t gap = 0;     // widths since the bucket before
};

/// Up to kMost buckets, the oldest first. A copy is a copy of the buckets.
class Ring {
 public:
  static constexpr std::size_t kMost = kMaxTrendPoints;

  Ring() = default;
  Ring(const Ring& other) { CopyFrom(other); }
  Ring(Ring&& other) noexcept { Swap(other); }
  Ring& operator=(Ring other) noexcept {
    Swap(other);
    return *this;
  }
  ~Ring() = default;

  std::size_t size() const { return size_; }
  float Low(std::size_t i) const { return Get<float>(kLowAt, i); }
  std::uint16_t Tooth(std::size_t i) const { return Get<std::uint16_t>(kToothAt, i); }
  std::uint16_t Work(std::size_t i) const { return Get<std::uint16_t>(kWorkAt, i); }
  std::uint8_t Gap(std::size_t i) const { return Get<std::uint8_t>(kGapAt, i); }
  Bucket At(std::size_t i) const { return {Low(i), Tooth(i), Work(i), Gap(i)}; }

  /// Takes the place of the oldest one when there are kMost.
  void Push(const Bucket& bucket) {
    if (size_ == capacity_ && capacity_ < kMost) Grow();
    std::size_t place = oldest_ + std::size_t{size_};
    if (size_ == capacity_) {
      oldest_ = static_cast<std::uint8_t>((oldest_ + 1) % capacity_);
    } else {
      ++size_;
    }
    if (place >= capacity_) place -= capacity_;
    Put(kLowAt, place, bucket.low);
    Put(kToothAt, place, bucket.tooth);
    Put(kWorkAt, place, bucket.work);
    Put(kGapAt, place, bucket.gap);
  }
  void Clear() { size_ = oldest_ = 0; }

  std::size_t HeapBytes() const { return capacity_ * kBucketBytes; }

 private:
  static constexpr std::size_t kFirst = 4;
  // A column each, capacity_ long: where they begin, in bytes a bucket.
  static constexpr std::size_t kLowAt = 0;
  static constexpr std::size_t kToothAt = 4;
  static constexpr std::size_t kWorkAt = 6;
  static constexpr std::size_t kGapAt = 8;
  static constexpr std::size_t kBucketBytes = 9;

  template <class T>
  T Get(std::size_t column, std::size_t i) const {
    std::size_t place = oldest_ + i;
    if (place >= capacity_) place -= capacity_;
    T value;
    std::memcpy(&value, bytes_.get() + column * capacity_ + place * sizeof(T), sizeof(T));
    return value;
  }
  template <class T>
  void Put(std::size_t column, std::size_t place, T value) {
    std::memcpy(bytes_.get() + column * capacity_ + place * sizeof(T), &value, sizeof(T));
  }

  void Grow() {
    Ring larger;
    larger.Reserve(std::clamp(std::size_t{capacity_} * 2, kFirst, kMost));
    for (std::size_t i = 0; i < size_; ++i) larger.Push(At(i));
    Swap(larger);
  }
  void Reserve(std::size_t capacity) {
    capacity_ = static_cast<std::uint8_t>(capacity);
    bytes_ = std::make_unique<unsigned char[]>(capacity_ * kBucketBytes);
  }
  void CopyFrom(const Ring& other) {
    if (other.size_ == 0) return;
    Reserve(other.capacity_);
    for (std::size_t i = 0; i < other.size_; ++i) Push(other.At(i));
  }
  void Swap(Ring& other) {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
    std::swap(oldest_, other.oldest_);
  }

  std::unique_ptr<unsigned char[]> bytes_;
  std::uint8_t capacity_ = 0;
  std::uint8_t size_ = 0;
  std::uint8_t oldest_ = 0;
};

}  // namespace tocsin::trend
