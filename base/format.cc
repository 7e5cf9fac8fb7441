#include "base/format.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tocsin {
namespace {

char* Write(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

std::string_view SpecialFloat(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/// Most values of a page are small whole numbers, which need no shortest-digits search.
constexpr double kMaxPlainInteger = 999'999;

constexpr double kMaxExactInteger = 9007199254740992;  // 2^53
constexpr double kMinShortFixed = 1e-6;                // 0.000001 and 17 digits fit the buffer

/// |value| = 0.d1d2d3… × 10^point, with the fewest digits that read back as it.
struct Decimal {
  std::array<char, 24> digits;
  int count = 0;
  int point = 0;
};

Decimal ShortestDecimal(double magnitude) {
  std::array<char, kGoFloatMax> text;
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), magnitude,
                                       std::chars_format::scientific);
  Decimal d;
  const char* at = text.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') d.digits[static_cast<std::size_t>(d.count++)] = *at;
  }
  at += at[1] == '+' ? 2 : 1;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  d.point = exponent + 1;
  return d;
}

template <class Append>
void AppendFixedDigits(const Decimal& d, Append append) {
  if (d.point <= 0) {
    append("0.", 2);
    for (int i = d.point; i < 0; ++i) append("0", 1);
    append(d.digits.data(), static_cast<std::size_t>(d.count));
    return;
  }
  const int whole = d.count < d.point ? d.count : d.point;
  append(d.digits.data(), static_cast<std::size_t>(whole));
  for (int i = d.count; i < d.point; ++i) append("0", 1);
  if (d.count > d.point) {
    append(".", 1);
    append(d.digits.data() + d.point, static_cast<std::size_t>(d.count - d.point));
  }
}

/// Writes numbers of up to three decimals, as measured ones mostly are, without a search for the
/// shortest: of numbers of up to 15 digits no two are the same double, so what divides back to the
/// value is its shortest decimal. Null for any other number.
char* WriteThousandths(double magnitude, char* out) {
  constexpr double kMaxThousandths = 1e15;
  const double scaled = magnitude * 1000 + 0.5;
  if (!(scaled < kMaxThousandths)) return nullptr;
  const auto thousandths = static_cast<std::uint64_t>(scaled);
  if (static_cast<double>(thousandths) / 1000 != magnitude) return nullptr;
  out = std::to_chars(out, out + kGoFloatMax, thousandths / 1000).ptr;
  auto fraction = static_cast<unsigned>(thousandths % 1000);
  if (fraction == 0) return out;
  *out++ = '.';
  for (unsigned unit = 100; fraction != 0; unit /= 10) {
    *out++ = static_cast<char>('0' + fraction / unit);
    fraction %= unit;
  }
  return out;
}

}  // namespace

char* WriteGoFloat(double value, char* out) {
  if (!std::isfinite(value)) return Write(SpecialFloat(value), out);
  if (std::signbit(value)) *out++ = '-';
  const double magnitude = std::fabs(value);
  if (magnitude <= kMaxPlainInteger) {
    const auto whole = static_cast<std::uint32_t>(magnitude);
    if (static_cast<double>(whole) == magnitude) {
      return std::to_chars(out, out + kGoFloatMax, whole).ptr;
    }
  }
  const Decimal d = ShortestDecimal(magnitude);
  const int exponent = d.point - 1;
  if (exponent >= -4 && exponent < 6) {
    AppendFixedDigits(d, [&](const char* text, std::size_t size) {
      out = Write({text, size}, out);
    });
    return out;
  }
  *out++ = d.digits[0];
  if (d.count > 1) {
    *out++ = '.';
    out = Write({d.digits.data() + 1, static_cast<std::size_t>(d.count - 1)}, out);
  }
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  const int e = exponent < 0 ? -exponent : exponent;
  if (e < 10) *out++ = '0';
  return std::to_chars(out, out + 4, e).ptr;
}

std::string FormatGoFloat(double value) {
  std::array<char, kGoFloatMax> buffer;
  return {buffer.data(),
          static_cast<std::size_t>(WriteGoFloat(value, buffer.data()) - buffer.data())};
}

void AppendGoFixed(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += SpecialFloat(value);
    return;
  }
  if (std::signbit(value)) out += '-';
  const double magnitude = std::fabs(value);
  // Where to_chars has the shortest digits in fixed notation too; beyond, it has all of them.
  if (magnitude < kMaxExactInteger && (magnitude >= kMinShortFixed || magnitude == 0)) {
    std::array<char, kGoFloatMax> text;
    const auto whole = static_cast<std::uint64_t>(magnitude);
    char* const limit = text.data() + text.size();
    char* end = static_cast<double>(whole) == magnitude
                    ? std::to_chars(text.data(), limit, whole).ptr
                    : WriteThousandths(magnitude, text.data());
    if (!end) {
      end = std::to_chars(text.data(), limit, magnitude, std::chars_format::fixed).ptr;
    }
    out.append(text.data(), end);
    return;
  }
  AppendFixedDigits(ShortestDecimal(magnitude),
                    [&](const char* text, std::size_t size) { out.append(text, size); });
}

std::string FormatGoFixed(double value) {
  std::string out;
  AppendGoFixed(value, out);
  return out;
}

}  // namespace tocsin
