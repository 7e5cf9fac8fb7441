#include "rules/template/fmt.h"

#include <gtest/gtest.h>

namespace tocsin::tmpl {
namespace {

constexpr std::size_t kPlenty = 1 << 20;

std::string Formatted(std::string_view format, std::vector<Value> args) {
  const auto text = Sprintf(format, args, kPlenty);
  return text ? *text : "error: " + text.error().message();
}

TEST(FmtTest, FloatsThatAreNoNumbers) {
  const Value nan = Value::Float(std::numeric_limits<double>::quiet_NaN());
  const Value inf = Value::Float(std::numeric_limits<double>::infinity());
  EXPECT_EQ(Formatted("%v|%+f|%6.1f|%06.1f", {nan, nan, nan, nan}), "NaN|+NaN|   NaN|   NaN");
  EXPECT_EQ(Formatted("%v|%+f|% f|%06.1f", {inf, inf, inf, inf}), "+Inf|+Inf| Inf|  +Inf");
}

TEST(FmtTest, ExtremesOfInts) {
  const Value least = Value::Int(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Formatted("%d %x", {least, least}), "-9223372036854775808 -8000000000000000");
  EXPECT_EQ(Formatted("%c%q", {Value::Int(0x110000), Value::Int(-1)}), "\uFFFD'\uFFFD'");
}

TEST(FmtTest, PrecisionBeyondWhatADoubleHas) {
  const std::string text = Formatted("%.2000f", {Value::Float(0.5)});
  EXPECT_EQ(text.size(), 2002u);
  EXPECT_EQ(text.substr(0, 5), "0.500");
  EXPECT_EQ(text.find_first_not_of('0', 3), std::string::npos);
}

TEST(FmtTest, TextThatWouldBeTooLongIsAnError) {
  const std::vector<Value> one{Value::Int(1)};
  const auto wide = Sprintf("%900000d%900000d", std::vector<Value>{one[0], one[0]}, kPlenty);
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code(), Errc::kLimit);
  // Go's own bound on widths.
  EXPECT_EQ(Formatted("%99999999d", one), "%!(NOVERB)%!(EXTRA int=1)");
}

TEST(FmtTest, ValuesSharedManyTimesDoNotPrintForEver) {
  Value value = Value::List({Value::String("x")});
  for (int i = 0; i < 60; ++i) value = Value::List({value, value});  // 2^60 leaves
  const auto text = Sprint(std::vector<Value>{value}, 1000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Errc::kLimit);
}

TEST(FmtTest, GoSyntax) {
  EXPECT_EQ(Formatted("%#v", {Value::Map({{"a", Value::Int(1)}, {"b", Value()}})}),
            R"(map[string]interface {}{"a":1, "b":interface {}(nil)})");
  EXPECT_EQ(Formatted("%#v %#v", {Value::String("a\"b"), Value::Float(1)}), R"("a\"b" 1)");
}

TEST(FmtTest, PrintsAnActionsResult) {
  EXPECT_EQ(*Printed(Value(), kPlenty), "<no value>");
  EXPECT_EQ(*Printed(Value::Strings({"a", "b"}), kPlenty), "[a b]");
}

}  // namespace
}  // namespace tocsin::tmpl
