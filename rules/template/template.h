#pragma once
// Go text/template (as of Go 1.19) with the functions of Prometheus 2.42 and Alertmanager 0.25.
//
//   Parse once:     TRY_ASSIGN(Template t, Template::Parse(text, options));
//   Execute often:  Result<std::string> out = t.Execute(data, environment);
//
// Rules use AlertText below, notify uses Library and alertmanager.h.
//
// A Template is immutable and may be executed by any number of threads at once. No input can crash
// it or make it take more than its Limits.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/labels.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

class FunctionSet;
struct CompiledSet;

/// Functions that templates may call, besides Go's own (and or not eq ne lt le gt ge len index
/// slice print printf println html js urlquery call).
const FunctionSet& PrometheusFunctions();
const FunctionSet& AlertmanagerFunctions();

/// One element of an instant vector.
struct QuerySample {
  Labels labels;
  double value = 0;
};
/// Evaluates PromQL at an instant, for the template function `query`.
using QueryFunction =
    std::function<Result<std::vector<QuerySample>>(std::string_view promql, WallTime at)>;

/// What one execution may use; more is an error kLimit.
struct Limits {
  std::size_t output_bytes = 1 << 18;  // also of every string made on the way
  std::size_t steps = 200'000;         // actions, commands, elements, each 64 bytes of text handled
  int template_depth = 100;            // {{template}} within {{template}}
};

/// How values (not the template's own text) are escaped as they are printed.
enum class Escaping : std::uint8_t {
  kNone,
  kHtml,  // for where they stand in HTML: text, attribute, URL attribute, script
};

/// What functions may ask of the world. A view: what it points to outlives the execution.
struct Environment {
  WallTime now{};                        // what `query` is evaluated at
  const QueryFunction* query = nullptr;  // null: `query` is an error
  std::string_view external_url;         // for externalURL and pathPrefix
  Escaping escaping = Escaping::kNone;
  Limits limits;
};

/// Named templates ({{define}}) that others may use: Alertmanager's `templates:` files. Immutable,
/// cheap to copy.
class Library {
 public:
  struct File {
    std::string path;
    std::string text;
  };

  Library() = default;
  /// Later files redefine what earlier ones define, and each file's base name is itself a template,
  /// as with Go's ParseGlob. Errors: kInvalid, "PATH:LINE:COLUMN: …".
  static Result<Library> Parse(std::span<const File> files, const FunctionSet& functions);
  /// This library with `files` added on top.
  Result<Library> With(std::span<const File> files, const FunctionSet& functions) const;
  bool Defines(std::string_view name) const;

 private:
  friend class Template;
  std::shared_ptr<const CompiledSet> set_;
};

/// The files that match the globs, in the globs' order and then by name. A glob that matches
/// nothing is no error. Errors: kIo, with the path.
Result<std::vector<Library::File>> ReadTemplateGlobs(std::span<const std::string> globs);

struct ParseOptions {
  /// Stands in errors in front of LINE:COLUMN.
  std::string_view name = "template";
  const FunctionSet* functions = nullptr;  // null: Go's own only
  const Library* library = nullptr;
  /// Variables that are set before the text begins: {"$labels", "Labels"} makes $labels the field
  /// Labels of the data.
  std::span<const std::pair<std::string_view, std::string_view>> variables = {};
};

class Template {
 public:
  /// Errors: kInvalid, "NAME:LINE:COLUMN: …".
  static Result<Template> Parse(std::string_view text, const ParseOptions& options);

  /// Errors: kInvalid for what the template does ("NAME:LINE:COLUMN: at <.Foo>: …"), kLimit,
  /// or what `query` failed with.
  Result<std::string> Execute(const Value& data, const Environment& environment) const;

  /// True if the text contains no action at all; Execute then returns it as it is.
  bool IsPlain() const;

 private:
  std::shared_ptr<const CompiledSet> set_;
};

// ---- Annotations and labels of rules ------------------------------------------------------------

/// What Prometheus gives to a rule's templates: .Labels .ExternalLabels .ExternalURL .Value and the
/// variables $labels $externalLabels $externalURL $value. A view.
struct AlertTextData {
  Labels labels;
  Labels external_labels;
  double value = 0;
};

/// One annotation or label value of a rule, compiled. Immutable, cheap to copy.
class AlertText {
 public:
  /// `name` is what errors begin with. Errors: kInvalid with NAME:LINE:COLUMN.
  static Result<AlertText> Parse(std::string_view text, std::string_view name);

  /// The expanded text. On an error the page must still go out: callers use ExpandOrExplain.
  Result<std::string> Expand(const AlertTextData& data, const Environment& environment) const;

  /// As Expand; an error becomes the text itself, as Prometheus shows it:
  /// "<error expanding template: …>", followed by the template's own text so that the page still
  /// says what it is about.
  std::string ExpandOrExplain(const AlertTextData& data, const Environment& environment) const;

  const std::string& source() const { return *source_; }
  bool IsPlain() const { return template_.IsPlain(); }

 private:
  std::shared_ptr<const std::string> source_;
  Template template_;
};

/// Parses and expands at once, for text that is expanded a single time. As ExpandOrExplain, also
/// when the text does not parse.
std::string ExpandAlertText(std::string_view text, std::string_view name, const AlertTextData& data,
                            const Environment& environment);

}  // namespace tocsin::tmpl
