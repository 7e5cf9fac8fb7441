#include "rules/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "rules/template/alertmanager.h"
#include "tests/base/temp_folder.h"

namespace tocsin::tmpl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Labels kLabels{{"instance", "a:1"}, {"job", "<node>"}};

Result<std::string> Expand(std::string_view text, const Environment& environment = {}) {
  auto parsed = AlertText::Parse(text, "rules.yml:3: summary");
  if (!parsed) return std::move(parsed).error();
  return parsed->Expand({.labels = kLabels, .external_labels = {}, .value = 1.5}, environment);
}

std::string ErrorOf(std::string_view text, const Environment& environment = {}) {
  const auto result = Expand(text, environment);
  return result ? "no error: " + *result : result.error().message();
}

Errc CodeOf(std::string_view text, const Environment& environment = {}) {
  const auto result = Expand(text, environment);
  EXPECT_FALSE(result) << text;
  return result ? Errc::kNotFound : result.error().code();
}

TEST(TemplateTest, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(
      ErrorOf("a\n  {{ humanise 5 }}"),
      "rules.yml:3: summary:2:6: function \"humanise\" not defined; did you mean \"humanize\"?");
  EXPECT_EQ(ErrorOf("ab{{ if true }}c"),
            "rules.yml:3: summary:1:17: unexpected end of the text in if: is an {{end}} missing?");
  EXPECT_EQ(ErrorOf("{{ $labels.job.x }}"),
            "rules.yml:3: summary:1:4: at <$labels.job.x>: can't evaluate field x in type string");
  EXPECT_EQ(ErrorOf("\n\n{{ toUpper 5 }}"), "rules.yml:3: summary:3:12: at <5>: expected string");
  EXPECT_EQ(ErrorOf("{{ define \"t\" }}{{ .A.B }}{{ end }}{{ template \"t\" 5 }}"),
            "rules.yml:3: summary:1:20: at <.A.B>: can't evaluate field A in type int");
  EXPECT_EQ(ErrorOf("x {{ $value"), "rules.yml:3: summary:1:3: unclosed action");
}

TEST(TemplateTest, PlainTextIsReturnedAsItIs) {
  const auto plain = AlertText::Parse("CPU is busy }} {", "n");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->IsPlain());
  EXPECT_EQ(*plain->Expand({}, {}), "CPU is busy }} {");
  EXPECT_FALSE(AlertText::Parse("a{{/* c */}}", "n")->IsPlain());
  EXPECT_TRUE(AlertText::Parse("", "n")->IsPlain());
}

TEST(TemplateTest, AnErrorBecomesTextThatStillSaysWhatThePageIsAbout) {
  const AlertTextData data{.labels = kLabels, .external_labels = {}, .value = 1};
  const auto runs = AlertText::Parse("disk {{ index $labels 1 }} full", "n");
  ASSERT_TRUE(runs);
  EXPECT_EQ(runs->ExpandOrExplain(data, {}),
            "<error expanding template: n:1:9: at <index $labels 1>: error calling index: value "
            "has type int; "
            "should be string> disk {{ index $labels 1 }} full");
  EXPECT_EQ(
      ExpandAlertText("disk {{ nope }} full", "n", data, {}),
      "<error expanding template: n:1:9: function \"nope\" not defined; did you mean \"not\"?> "
      "disk {{ nope }} full");
  EXPECT_EQ(ExpandAlertText("{{ $labels.job }}", "n", data, {}), "<node>");
}

TEST(TemplateTest, UrlsOfTheEnvironment) {
  Environment environment;
  environment.external_url = "https://p.example.org:9090/base/x?y#z";
  EXPECT_EQ(*Expand("{{ pathPrefix }} {{ externalURL }}", environment),
            "/base/x https://p.example.org:9090/base/x?y#z");
  environment.external_url = "https://p.example.org";
  EXPECT_EQ(*Expand("[{{ pathPrefix }}]", environment), "[]");
}

TEST(TemplateTest, QueriesRunAtTheTimeGivenAndTheirErrorsAreReported) {
  EXPECT_THAT(ErrorOf("{{ query \"up\" }}"), HasSubstr("queries are not possible here"));
  WallTime asked_at{};
  const QueryFunction query = [&](std::string_view promql,
                                  WallTime at) -> Result<std::vector<QuerySample>> {
    asked_at = at;
    if (promql == "bad(") return Error{Errc::kInvalid, "1:5: parse error"};
    if (promql == "slow") return Error{Errc::kTimeout, "query timed out"};
    return std::vector<QuerySample>{{Labels{{"a", "b"}}, 2}};
  };
  Environment environment;
  environment.query = &query;
  environment.now = FromMillis(1234567);
  EXPECT_EQ(*Expand("{{ query \"up\" | first | value }}", environment), "2");
  EXPECT_EQ(asked_at, FromMillis(1234567));
  EXPECT_THAT(ErrorOf("{{ query \"bad(\" }}", environment),
              HasSubstr("error calling query: 1:5: parse error"));
  EXPECT_EQ(CodeOf("{{ query \"slow\" }}", environment), Errc::kTimeout);
}

// ---- Budgets ------------------------------------------------------------------------------------

TEST(TemplateBudgetTest, Output) {
  Environment environment;
  environment.limits.output_bytes = 100;
  EXPECT_EQ(CodeOf("{{ printf \"%200d\" 1 }}", environment), Errc::kLimit);
  EXPECT_EQ(CodeOf(std::string(101, 'x') + "{{ 1 }}", environment), Errc::kLimit);
  EXPECT_TRUE(Expand(std::string(99, 'x') + "{{ 1 }}", environment));
  EXPECT_EQ(CodeOf("{{ $x := \"aaaaaaaaaa\" }}{{ $x = printf \"%s%s%s%s\" $x $x $x $x }}"
                   "{{ $x = printf \"%s%s%s%s\" $x $x $x $x }}",
                   environment),
            Errc::kLimit);
}

TEST(TemplateBudgetTest, StepsOfLoopsWithinLoops) {
  const QueryFunction query = [](std::string_view, WallTime) -> Result<std::vector<QuerySample>> {
    return std::vector<QuerySample>(100);
  };
  Environment environment;
  environment.query = &query;
  std::string text = "{{ $q := query \"x\" }}";
  for (int i = 0; i < 8; ++i) text += "{{ range $q }}";
  for (int i = 0; i < 8; ++i) text += "{{ end }}";
  EXPECT_EQ(CodeOf(text, environment), Errc::kLimit);
}

TEST(TemplateBudgetTest, TemplatesThatCallThemselves) {
  EXPECT_EQ(CodeOf("{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}"),
            Errc::kLimit);
  EXPECT_EQ(
      CodeOf("{{ define \"x\" }}{{ if 1 }}{{ with 1 }}{{ range args 1 2 }}{{ template \"x\" . }}"
             "{{ template \"x\" . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template \"x\" . }}"),
      Errc::kLimit);
}

TEST(TemplateBudgetTest, DepthOfTheTextItself) {
  std::string blocks;
  std::string parens = "{{ ";
  for (int i = 0; i < 10'000; ++i) {
    blocks += "{{ if 1 }}";
    parens += "(";
  }
  EXPECT_THAT(ErrorOf(blocks), HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(parens), HasSubstr("nested too deeply"));
  std::string chain = "{{ if 0 }}";
  for (int i = 0; i < 10'000; ++i) chain += "{{ else if 0 }}";
  EXPECT_THAT(ErrorOf(chain + "{{ end }}"), HasSubstr("nested too deeply"));
}

TEST(TemplateBudgetTest, DepthOfValues) {
  const QueryFunction query = [](std::string_view, WallTime) -> Result<std::vector<QuerySample>> {
    return std::vector<QuerySample>(1000);
  };
  Environment environment;
  environment.query = &query;
  EXPECT_EQ(
      CodeOf("{{ $x := args 1 }}{{ range query \"x\" }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
             environment),
      Errc::kLimit);
}

TEST(TemplateBudgetTest, WorkOfRegularExpressions) {
  const QueryFunction query = [](std::string_view, WallTime) -> Result<std::vector<QuerySample>> {
    return std::vector<QuerySample>(50);
  };
  Environment environment;
  environment.query = &query;
  EXPECT_EQ(
      CodeOf("{{ $x := printf \"%60000s\" \"a\" }}{{ range query \"x\" }}{{ range query \"x\" }}"
             "{{ range query \"x\" }}{{ $y := reReplaceAll \" .*b| \" \"\" $x }}{{ end }}{{ end }}"
             "{{ end }}",
             environment),
      Errc::kLimit);
}

TEST(TemplateBudgetTest, SizeOfTheText) {
  EXPECT_EQ(CodeOf(std::string((1 << 20) + 1, 'x')), Errc::kLimit);
}

// ---- Threads ------------------------------------------------------------------------------------

TEST(TemplateTest, OneTemplateServesManyThreads) {
  const auto text = AlertText::Parse(
      "{{ range $k, $v := $labels }}{{ reReplaceAll \"a+\" \"b\" $v }}{{ end }}{{ $value }}", "n");
  ASSERT_TRUE(text);
  std::vector<std::thread> threads;
  std::vector<std::string> got(4);
  for (std::size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        got[i] = text->ExpandOrExplain(
            {.labels = Labels{{"x", "aa"}}, .external_labels = {}, .value = static_cast<double>(i)},
            {});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], "b" + std::to_string(i));
}

// ---- Libraries ----------------------------------------------------------------------------------

TEST(LibraryTest, ErrorsNameTheFile) {
  const std::vector<Library::File> files{{"/etc/am/a.tmpl", "{{ define \"a\" }}x{{ end }}"},
                                         {"/etc/am/b.tmpl", "\n{{ define \"b\" }}"}};
  const auto library = Library::Parse(files, AlertmanagerFunctions());
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message(), StartsWith("/etc/am/b.tmpl:2:17: unexpected end"));
  const auto good = Library::Parse(std::span(files).first(1), AlertmanagerFunctions());
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->Defines("a"));
  EXPECT_TRUE(good->Defines("a.tmpl"));
  EXPECT_FALSE(good->Defines("b"));
}

TEST(LibraryTest, ExecutionErrorsWithinADefineNameItsFile) {
  const std::vector<Library::File> files{{"t.tmpl", "\n{{ define \"a\" }}{{ .X }}{{ end }}"}};
  const auto library = Library::Parse(files, AlertmanagerFunctions());
  ASSERT_TRUE(library);
  ParseOptions options;
  options.name = "receiver";
  options.library = &*library;
  const auto failed = Template::Parse("{{ template \"a\" \"s\" }}", options)->Execute({}, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(),
            "t.tmpl:2:20: at <.X>: can't evaluate field X in type string");
}

TEST(LibraryTest, LaterFilesGoOnTop) {
  const std::vector<Library::File> base{
      {"a", "{{ define \"x\" }}1{{ end }}{{ define \"y\" }}1{{ end }}"}};
  const std::vector<Library::File> more{
      {"b", "{{ define \"x\" }}2{{ end }}{{ define \"y\" }} {{ end }}"}};
  const auto first = Library::Parse(base, AlertmanagerFunctions());
  const auto second = first->With(more, AlertmanagerFunctions());
  ASSERT_TRUE(second);
  ParseOptions options;
  options.library = &*second;
  EXPECT_EQ(*Template::Parse("{{ template \"x\" }}{{ template \"y\" }}", options)->Execute({}, {}),
            "21");
  options.library = &*first;
  EXPECT_EQ(*Template::Parse("{{ template \"x\" }}", options)->Execute({}, {}), "1");
}

TEST(LibraryTest, GlobsReadFilesInOrder) {
  const TempFolder dir;
  for (const char* name : {"b.tmpl", "a.tmpl", "c.txt"}) dir.Write(name, name);
  const std::vector<std::string> globs{dir / "*.tmpl", dir / "nothing*", dir / "c.txt"};
  const auto files = ReadTemplateGlobs(globs);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].text, "a.tmpl");
  EXPECT_EQ((*files)[2].path, dir / "c.txt");
}

// ---- HTML ---------------------------------------------------------------------------------------

std::string Html(std::string_view text, const std::string& value) {
  ParseOptions options;
  options.functions = &AlertmanagerFunctions();
  Environment environment;
  environment.escaping = Escaping::kHtml;
  const auto parsed = Template::Parse(text, options);
  const auto out = parsed->Execute(Value::String(value), environment);
  return out ? *out : out.error().message();
}

TEST(HtmlTest, AValueNeverBecomesMarkup) {
  const std::string attack = "\"'><script>alert(1)</script>`";
  for (const char* text : {"<p>{{ . }}</p>", "<p class=\"{{ . }}\">", "<p class='{{ . }}'>",
                           "<p class={{ . }}>", "<a href=\"{{ . }}\">", "<a href={{ . }}>",
                           "<a href=\"/x?y={{ . }}\">", "<title>{{ . }}</title>",
                           "<script>x = {{ . }};</script>", "<script>x = '{{ . }}';</script>",
                           "<style>a { b: {{ . }} }</style>", "<p onclick=\"f('{{ . }}')\">",
                           "<p {{ . }}>", "<p {{ . }}=1>", "<{{ . }}>", "<!-- {{ . }} -->"}) {
    const std::string out = Html(text, attack);
    EXPECT_THAT(out, testing::Not(HasSubstr("<script>alert"))) << text;
    EXPECT_THAT(out, testing::Not(HasSubstr("\"'>"))) << text;
  }
}

TEST(HtmlTest, SchemesThatRunCodeAreNeutralised) {
  EXPECT_EQ(Html("<a href=\"{{ . }}\">", "JavaScript:alert(1)"), "<a href=\"#ZgotmplZ\">");
  EXPECT_EQ(Html("<a href='{{ . }}'>", "https://x/y?z=1"), "<a href='https://x/y?z=1'>");
}

// ---- Data of Alertmanager -----------------------------------------------------------------------

TEST(AlertmanagerDataTest, LaterFunctionsThanThoseOf025) {
  NotificationData data;
  data.alerts.push_back({.status = "firing",
                         .labels = {},
                         .annotations = {},
                         .starts_at = Time::From(FromMillis(1'000'000)),
                         .ends_at = {},
                         .generator_url = "",
                         .fingerprint = ""});
  ParseOptions options;
  options.functions = &AlertmanagerFunctions();
  Environment environment;
  environment.now = FromMillis(1'090'500);
  const auto text = Template::Parse(
      "{{ range .Alerts }}{{ since .StartsAt }} {{ since .StartsAt | humanizeDuration }} "
      "{{ .StartsAt | date \"15:04:05\" }} [{{ \" a \" | trimSpace }}]{{ end }}",
      options);
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(*text->Execute(ToValue(data), environment), "1m30.5s 1m 30s 00:16:40 [a]");
}

}  // namespace
}  // namespace tocsin::tmpl
