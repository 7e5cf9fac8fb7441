#pragma once
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace tocsin {

/// A number as a label value, without heap.
class DecimalText {
 public:
  explicit DecimalText(std::uint64_t number)
      : end_(std::to_chars(buffer_.data(), buffer_.data() + buffer_.size(), number).ptr) {}
  DecimalText(const DecimalText&) = delete;
  DecimalText& operator=(const DecimalText&) = delete;

  std::string_view view() const {
    return {buffer_.data(), static_cast<std::size_t>(end_ - buffer_.data())};
  }

 private:
  std::array<char, 20> buffer_;
  char* end_;
};

}  // namespace tocsin
