#pragma once
// What the parts of the rule file reader share. Internal to rule_file.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "rules/rule.h"

namespace tocsin {

/// The file being read, which keeps its errors, so that one run reports all of them.
struct RuleSource {
  YamlFile file;  // with `errors`
  std::string_view text;

  std::size_t ErrorCount() const { return file.errors->found.size(); }
  void Note(Error error) { file.errors->Note(std::move(error)); }
  void Fail(const YamlNode& at, std::string_view what) { Note(file.At(at, what)); }

  /// Stores the value, or notes the error and leaves `out` as it is.
  template <class T, class Out>
  bool Take(Result<T> value, Out& out) {
    if (!value) {
      Note(std::move(value).error());
      return false;
    }
    out = *std::move(value);
    return true;
  }
  void Take(Status status) {
    if (!status) Note(std::move(status).error());
  }
};

/// Parses an expression that stands as the scalar `node`; an error is noted at the place in the
/// file that is at fault, with a caret. Null on errors.
promql::ExprPtr ReadExpr(RuleSource& source, const YamlNode& node, std::string_view what);

/// The series that a filter expression chooses from: `A` of `A > 5`, `(A < 1) and B`, `A unless B`.
/// Null where that cannot be told from the expression.
promql::ExprPtr PresenceOf(const promql::ExprPtr& expr);

/// True if `expr` is a comparison that drops the series for which it is false.
bool IsFilter(const promql::Expr& expr);

/// Reads leak: or exhaustion: where there is one, into `out`; returns its series. Null if there is
/// none, or on errors.
promql::ExprPtr ReadLeak(RuleSource& source, YamlFields& fields, const std::string& what,
                         std::shared_ptr<const LeakSpec>& out);

/// Reads for, keep_firing_for, met_in, warning, critical, no_data and no_data_for of an alerting
/// rule whose other fields are set. `what` names the rule in errors.
void ReadAlertPolicy(RuleSource& source, YamlFields& fields, std::string_view what, Rule& rule);

}  // namespace tocsin
