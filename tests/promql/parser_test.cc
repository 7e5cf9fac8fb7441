// What is refused, where, and in which words; what is read is printed back.

#include "rules/promql/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/promql/functions/catalog.h"
#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

struct Refused {
  const char* text;
  const char* error;
};

// The words are those of Prometheus.
constexpr Refused kRefused[] = {
    {"", "1:1: parse error: no expression found in input"},
    {"# only a comment", "1:1: parse error: no expression found in input"},
    {"1+", "1:3: parse error: unexpected end of input"},
    {"a +\n  ", "2:3: parse error: unexpected end of input"},
    {".", "1:1: parse error: unexpected character: '.'"},
    {"2.5.", "1:1: parse error: bad number or duration syntax: \"2.5.\""},
    {"100..4", "1:1: parse error: bad number or duration syntax: \"100.\""},
    {"0deadbeef", "1:1: parse error: bad number or duration syntax: \"0de\""},
    {"1e999",
     "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e999\": value out of "
     "range"},
    {"1 /", "1:4: parse error: unexpected end of input"},
    {"*1", "1:1: parse error: unexpected <op:*>"},
    {"(1))", "1:4: parse error: unexpected right parenthesis ')'"},
    {"((1)", "1:5: parse error: unclosed left parenthesis"},
    {"(", "1:2: parse error: unclosed left parenthesis"},
    {"1 and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
    {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
    {"1 or 1", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"},
    {"1 !~ 1", "1:3: parse error: unexpected character after '!': '~'"},
    {"1 =~ 1", "1:3: parse error: unexpected character after '=': '~'"},
    {"-\"string\"",
     "1:1: parse error: unary expression only allowed on expressions of type scalar "
     "or instant vector, got \"string\""},
    {"-test[5m]",
     "1:1: parse error: unary expression only allowed on expressions of type scalar "
     "or instant vector, got \"range vector\""},
    {"*test", "1:1: parse error: unexpected <op:*>"},
    {"1 offset 1d",
     "1:1: parse error: offset modifier must be preceded by an instant vector "
     "selector or range vector selector or a subquery"},
    {"foo offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times"},
    {"foo offset bar",
     "1:12: parse error: unexpected identifier \"bar\" in offset, expected "
     "number or duration"},
    {"foo @ bar", "1:7: parse error: unexpected identifier \"bar\" in @, expected timestamp"},
    {"foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
    {"foo @ 1e20",
     "1:1: parse error: timestamp out of bounds for @ modifier: 100000000000000000000.000000"},
    {"(foo) @ 1",
     "1:1: parse error: @ modifier must be preceded by an instant vector selector or "
     "range vector selector or a subquery"},
    {"a - on(b) ignoring(c) d", "1:11: parse error: unexpected <ignoring>"},
    {"foo or bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"},
    {"foo + 1 == bool", "1:16: parse error: unexpected end of input"},
    {"foo + bool 10", "1:5: parse error: bool modifier can only be used on comparison operators"},
    {"foo and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
    {"foo or on(bar) group_left(baz) bar",
     "1:1: parse error: no grouping allowed for \"or\" operation"},
    {"foo == on(bar) 10", "1:1: parse error: vector matching only allowed between instant vectors"},
    {"foo * on(a) group_left(a) b",
     "1:5: parse error: label \"a\" must not occur in ON and GROUP clause at once"},
    {"foo group_left bar", "1:5: parse error: unexpected <group_left>"},
    {"foo on bar", "1:5: parse error: unexpected <on>"},
    {"foo * on bar",
     "1:10: parse error: unexpected identifier \"bar\" in grouping opts, expected "
     "\"(\""},
    {"foo[5m] + 1",
     "1:1: parse error: binary expression must contain only scalar and instant "
     "vector types"},
    {"1 + \"a\"",
     "1:5: parse error: binary expression must contain only scalar and instant vector "
     "types"},
    {"{", "1:2: parse error: unexpected end of input inside braces"},
    {"}", "1:1: parse error: unexpected character: '}'"},
    {"some{", "1:6: parse error: unexpected end of input inside braces"},
    {"some}", "1:5: parse error: unexpected character: '}'"},
    {"some_metric{a=b}",
     "1:15: parse error: unexpected identifier \"b\" in label matching, "
     "expected string"},
    {"some_metric{a:b=\"b\"}", "1:14: parse error: unexpected character inside braces: ':'"},
    {"foo{a*\"b\"}", "1:6: parse error: unexpected character inside braces: '*'"},
    {"foo{a>=\"b\"}", "1:6: parse error: unexpected character inside braces: '>'"},
    {"some_metric{a=\"b\" c=\"d\"}",
     "1:19: parse error: unexpected identifier \"c\" in label "
     "matching, expected \",\" or \"}\""},
    {"foo{gibberish}",
     "1:14: parse error: unexpected \"}\" in label matching, expected label "
     "matching operator"},
    {"foo{1}", "1:5: parse error: unexpected character inside braces: '1'"},
    {"{,}", "1:2: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
    {"foo{a=~\"(\"}", "1:5: parse error: bad regular expression \"(\": missing ): ("},
    {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
    {"{x=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
    {"{x=~\".*\"}",
     "1:1: parse error: vector selector must contain at least one non-empty "
     "matcher"},
    {"{x!~\".+\"}",
     "1:1: parse error: vector selector must contain at least one non-empty "
     "matcher"},
    {"foo{__name__=\"bar\"}",
     "1:1: parse error: metric name must not be set twice: \"foo\" or "
     "\"bar\""},
    {"foo{__name__= =\"bar\"}",
     "1:15: parse error: unexpected \"=\" in label matching, expected "
     "string"},
    {"foo[5mm]", "1:5: parse error: bad number or duration syntax: \"5mm\""},
    {"foo[5m", "1:7: parse error: unclosed left bracket"},
    {"foo[0m]", "1:5: parse error: duration must be greater than 0"},
    {"foo[-1]", "1:5: parse error: bad number or duration syntax: \"\""},
    {"foo[]", "1:5: parse error: bad number or duration syntax: \"\""},
    {"foo[\"5m\"]", "1:5: parse error: bad number or duration syntax: \"\""},
    {"foo[5m5]", "1:5: parse error: bad number or duration syntax: \"5m5\""},
    {"foo[1e12]", "1:5: parse error: duration out of range"},
    {"foo[5m30d]", "1:5: parse error: not a valid duration string: \"5m30d\""},
    {"foo[1.5h]", "1:5: parse error: not a valid duration string: \"1.5h\""},
    {"foo[5m:1m", "1:10: parse error: unclosed left bracket"},
    {"foo[5m:x]", "1:8: parse error: unexpected character: 'x', expected ':'"},
    {"foo[5m 1m]",
     "1:8: parse error: unexpected duration \"1m\" in subquery or range, expected "
     "\":\" or \"]\""},
    {"foo[5m:1m 2m]",
     "1:11: parse error: unexpected duration \"2m\" in subquery selector, "
     "expected \"]\""},
    {"foo[5m:0]", "1:8: parse error: duration must be greater than 0"},
    {"foo[[5m]", "1:5: parse error: bad number or duration syntax: \"\""},
    {"foo]", "1:4: parse error: unexpected right bracket ']'"},
    {"sum(foo)[5m]", "1:9: parse error: ranges only allowed for vector selectors"},
    {"foo offset 1m[5m]", "1:14: parse error: no offset modifiers allowed before range"},
    {"foo @ 5[5m]", "1:8: parse error: no @ modifiers allowed before range"},
    {"foo[5m][5m]", "1:8: parse error: ranges only allowed for vector selectors"},
    {"(foo[5m])[5m:1m]",
     "1:1: parse error: subquery is only allowed on instant vector, got matrix "
     "instead"},
    {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
    {"sum(foo, bar)",
     "1:1: parse error: wrong number of arguments for aggregate expression "
     "provided, expected 1, got 2"},
    {"topk(foo)",
     "1:1: parse error: wrong number of arguments for aggregate expression provided, "
     "expected 2, got 1"},
    {"topk(foo, bar)",
     "1:6: parse error: expected type scalar in aggregation parameter, got "
     "instant vector"},
    {"count_values(5, other)",
     "1:14: parse error: expected type string in aggregation parameter, "
     "got scalar"},
    {"sum(1)",
     "1:5: parse error: expected type instant vector in aggregation expression, got "
     "scalar"},
    {"sum(foo bar)", "1:9: parse error: unexpected identifier \"bar\" in aggregation"},
    {"sum some_metric by (test)", "1:5: parse error: unexpected identifier \"some_metric\""},
    {"sum by (a (b)",
     "1:11: parse error: unexpected \"(\" in grouping opts, expected \",\" or "
     "\")\""},
    {"sum by (a:b) (c)",
     "1:9: parse error: unexpected metric identifier \"a:b\" in grouping opts, "
     "expected label"},
    {"sum by (5) (c)",
     "1:9: parse error: unexpected number \"5\" in grouping opts, expected "
     "label"},
    {"sum(some_metric) without(and, by test)",
     "1:34: parse error: unexpected identifier \"test\" in grouping opts, expected \",\" or \")\""},
    {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
    {"floor(foo, bar)", "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 2"},
    {"round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
    {"round(a, 1, 2)",
     "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got "
     "3"},
    {"hour(a, b, c)",
     "1:1: parse error: expected at most 1 argument(s) in call to \"hour\", got "
     "3"},
    {"label_join(a, \"b\")",
     "1:1: parse error: expected at least 3 argument(s) in call to "
     "\"label_join\", got 2"},
    {"rate(foo)",
     "1:6: parse error: expected type range vector in call to function \"rate\", got "
     "instant vector"},
    {"abs(foo[5m])",
     "1:5: parse error: expected type instant vector in call to function \"abs\", "
     "got range vector"},
    {"label_replace(a, b, \"\", \"\", \"\")",
     "1:18: parse error: expected type string in call to function \"label_replace\", got instant "
     "vector"},
    {"non_existent_function_far_bar()",
     "1:1: parse error: unknown function with name \"non_existent_function_far_bar\""},
    {"rate(foo,)", "1:9: parse error: trailing commas not allowed in function call args"},
    {"rate(,foo)", "1:6: parse error: unexpected \",\""},
    {"histogram_avg(foo)",
     "1:1: parse error: function \"histogram_avg\" works on native "
     "histograms, which are not supported"},
    // A syntax error counts before a type error that stands before it.
    {"sum(1) +", "1:9: parse error: unexpected end of input"},
    {"\"", "1:1: parse error: unterminated quoted string"},
    {"\"\n\"", "1:1: parse error: unterminated quoted string"},
    {"`a", "1:1: parse error: unterminated raw string"},
    {"\"\\c\"", "1:1: parse error: unknown escape sequence U+0063 'c'"},
    {"\"\\x.\"", "1:1: parse error: illegal character U+002E '.' in escape sequence"},
    {"\"\\'\"", "1:1: parse error: unknown escape sequence U+0027 '''"},
    {"\"\\ud800\"", "1:1: parse error: escape sequence is an invalid Unicode code point"},
    {"\"\xff\"", "1:1: parse error: invalid UTF-8 rune"},
    {"$", "1:1: parse error: unexpected character: '$'"},
    {"foo\n+\n  bar baz", "3:7: parse error: unexpected identifier \"baz\""},
};

TEST(Parser, RefusesWithPosition) {
  for (const Refused& c : kRefused) {
    const auto expr = ParseExpr(c.text);
    ASSERT_FALSE(expr) << c.text;
    EXPECT_EQ(expr.error().code(), Errc::kInvalid) << c.text;
    EXPECT_EQ(expr.error().message(), c.error) << c.text;
  }
}

TEST(Parser, ErrorHasPartsAndCaret) {
  const std::string text = "sum(rate(x[5m]))\n\t/ count(y z)";
  ParseError where;
  ASSERT_FALSE(ParseExpr(text, {}, &where));
  EXPECT_EQ(where.message, "unexpected identifier \"z\" in aggregation");
  EXPECT_EQ(where.line, 2u);
  EXPECT_EQ(where.column, 12u);
  EXPECT_EQ(text.substr(where.pos.start, where.pos.end - where.pos.start), "z");
  EXPECT_EQ(where.Caret(text), "\t/ count(y z)\n\t          ^");
}

// Pairs of a text and its canonical form; one without a second form is canonical itself.
constexpr std::pair<const char*, const char*> kPrinted[] = {
    {"1", nullptr},
    {"1e3", "1000"},
    {"-Inf", nullptr},
    {"nan", "NaN"},
    {"5m", nullptr},
    {"90s", "1m30s"},
    {"-1d", nullptr},
    {"'a\"b'", R"("a\"b")"},
    {"\"\\x01\\u00e9\\xff\\n\"", "\"\\x01é\\xff\\n\""},
    {"up", nullptr},
    {"{__name__=\"up\"}", nullptr},
    {"{\"up\", \"a b\"='x', c!~\"y\"}", R"({"a b"="x",__name__="up",c!~"y"})"},
    {"up{b='1',a=~\"2\",}", R"(up{a=~"2",b="1"})"},
    {"a:b:c[5m] offset -90s @ 1.5", "a:b:c[5m] @ 1.500 offset -1m30s"},
    {"a @ start() offset 1w", nullptr},
    {"a[1h:] @ end()", nullptr},
    {"a[3600:60]", "a[1h:1m]"},
    {"sum(a) by (b, c)", "sum by (b, c) (a)"},
    {"sum by () (a)", "sum(a)"},
    {"sum without () (a)", nullptr},
    {"topk without (x) (3, a)", nullptr},
    {"count_values(\"v\", a)", nullptr},
    {"sum by (\"a b\", c) (d)", nullptr},
    {"a+b*c^-d", "a + b * c ^ -d"},
    {"-(a) + +b", nullptr},
    {"a == bool 1", nullptr},
    {"a / ignoring (x) b", nullptr},
    {"a * on () group_left b", "a * on () group_left () b"},
    {"a > on (x, y) group_right (z) b", nullptr},
    {"a unless on (x) b", nullptr},
    {"label_join(a, \"b\", \",\", \"c\", \"d\")", nullptr},
    {"time()", nullptr},
    {"((a))", nullptr},
    {"a # comment\n + b", "a + b"},
};

TEST(Printer, PrintsCanonically) {
  for (const auto& [text, canonical] : kPrinted) {
    const auto expr = ParseExpr(text);
    ASSERT_TRUE(expr) << text << ": " << expr.error().message();
    const std::string printed = ToString(**expr);
    EXPECT_EQ(printed, canonical ? canonical : text);
    const auto again = ParseExpr(printed);
    ASSERT_TRUE(again) << printed << ": " << again.error().message();
    EXPECT_EQ(ToString(**again), printed);
  }
}

TEST(Printer, PrettifyBreaksWhatIsLong) {
  const std::string long_name(60, 'm');
  const auto expr =
      ParseExpr("sum by (a) (rate(" + long_name + "{a=\"b\",c=\"d\"}[5m])) / on (a) -(" +
                long_name + " + " + long_name + ") > 1");
  ASSERT_TRUE(expr);
  const std::string expected = "    sum by (a) (rate(" + long_name +
                               "{a=\"b\",c=\"d\"}[5m]))\n  / on (a)\n    -(\n        " + long_name +
                               "\n      +\n        " + long_name + "\n    )\n>\n  1";
  const std::string pretty = Prettify(**expr);
  EXPECT_EQ(pretty, expected);
  const auto again = ParseExpr(pretty);
  ASSERT_TRUE(again) << pretty;
  EXPECT_EQ(ToString(**again), ToString(**expr));
  EXPECT_EQ(Prettify(**ParseExpr("a + b")), "a + b");
}

TEST(Parser, PositionsCoverTheText) {
  const std::string text = "  sum by (a) (rate(x{y=\"z\"}[5m] offset 1m)) + -b ";
  const auto expr = ParseExpr(text);
  ASSERT_TRUE(expr);
  const auto covered = [&](const Expr& e) {
    return text.substr(e.pos.start, e.pos.end - e.pos.start);
  };
  EXPECT_EQ(covered(**expr), "sum by (a) (rate(x{y=\"z\"}[5m] offset 1m)) + -b");
  const auto& sum = As<BinaryExpr>(**expr);
  EXPECT_EQ(covered(*sum.lhs), "sum by (a) (rate(x{y=\"z\"}[5m] offset 1m))");
  EXPECT_EQ(covered(*sum.rhs), "-b");
  const auto& rate = As<CallExpr>(*As<AggregateExpr>(*sum.lhs).expr);
  EXPECT_EQ(covered(rate), "rate(x{y=\"z\"}[5m] offset 1m)");
  EXPECT_EQ(covered(*rate.args[0]), "x{y=\"z\"}[5m] offset 1m");
  EXPECT_EQ(Selectors(**expr).size(), 2u);
}

TEST(Parser, SelectorsAlone) {
  const auto matchers = ParseSelector("up{job=~\"a|b\"}");
  ASSERT_TRUE(matchers);
  ASSERT_EQ(matchers->size(), 2u);
  EXPECT_EQ((*matchers)[0].ToString(), "job=~\"a|b\"");
  EXPECT_EQ((*matchers)[1].ToString(), "__name__=\"up\"");
  for (const char* bad :
       {"", "up[5m]", "up offset 5m", "sum(up)", "1", "{}", "{a=\"\"}", "up up"}) {
    EXPECT_FALSE(ParseSelector(bad)) << bad;
  }
}

// Whatever nests or grows without end is refused, and quickly.
TEST(Parser, SurvivesDepthAndSize) {
  const auto repeat = [](std::string_view part, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += part;
    return out;
  };
  for (const std::string& text :
       {repeat("(", 50'000), repeat("-", 50'000) + "1", repeat("1+", 40'000) + "1",
        repeat("a or ", 10'000) + "a", repeat("2^", 40'000) + "2", repeat("abs(", 20'000),
        repeat("sum(", 20'000) + "a", "a" + repeat("[1m:1s]", 10'000), repeat("{", 50'000),
        repeat("[", 50'000), repeat("sum by(", 10'000), "a" + repeat(" offset 1m", 9'000),
        "sum(" + repeat("(", 300) + "a" + repeat(")", 300) + ")", repeat("x", 200'000)}) {
    EXPECT_FALSE(ParseExpr(text)) << text.substr(0, 20);
  }
  // What people write is far from the limits.
  EXPECT_TRUE(ParseExpr(repeat("a or ", 150) + "a"));
  EXPECT_TRUE(ParseExpr(repeat("(", 100) + "1" + repeat(")", 100)));
  EXPECT_TRUE(ParseExpr("{a=~\"" + repeat("x|", 20'000) + "\", b=\"c\"}"));
}

TEST(Functions, TableIsWhole) {
  EXPECT_EQ(FindFunction("no_such"), nullptr);
  for (const FunctionSpec& function : AllFunctions()) {
    ASSERT_EQ(FindFunction(function.name), &function);
    EXPECT_LE(function.arg_count, function.arg_types.size());
    EXPECT_TRUE(function.returns == ValueType::kVector || function.returns == ValueType::kScalar);
  }
}

}  // namespace
}  // namespace tocsin::promql
