#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace tocsin {
namespace {

/// digits · 10^exponent.
struct Decimal {
  std::uint64_t digits = 0;  // 17 of them at most
  int exponent = 0;
};

/// Of a finite magnitude.
Decimal ShortestOf(double magnitude) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), magnitude,
                                          std::chars_format::scientific);
  const char* const mark = std::find(text.data(), end, 'e');
  Decimal decimal;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, decimal.exponent);
  for (const char* c = text.data(); c != mark; ++c) {
    if (*c == '.') continue;
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*c - '0');
    if (c != text.data()) --decimal.exponent;
  }
  return decimal;
}

}  // namespace

double MultiplyDecimals(double a, double b) {
  const double rounded = a * b;
  if (!std::isfinite(rounded)) return rounded;
  const Decimal x = ShortestOf(std::abs(a));
  const Decimal y = ShortestOf(std::abs(b));
  // At most 34 digits: they fit.
  auto product = static_cast<unsigned __int128>(x.digits) * y.digits;
  std::array<char, 64> text;
  char* begin = text.data() + 40;
  char* end = begin;
  do {
    *--begin = static_cast<char>('0' + static_cast<int>(product % 10));
    product /= 10;
  } while (product != 0);
  *end++ = 'e';
  end = std::to_chars(end, text.data() + text.size(), x.exponent + y.exponent).ptr;
  double magnitude = 0;
  // What is too small or too large to read: as floating point has it.
  if (std::from_chars(begin, end, magnitude).ec != std::errc()) return rounded;
  return std::copysign(magnitude, rounded);
}

}  // namespace tocsin
