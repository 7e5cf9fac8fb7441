#pragma once
// One run of a template: walks its nodes and computes its pipelines, within the Limits.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/template/ast.h"
#include "rules/template/html_escaper.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {

class Execution {
 public:
  Execution(const CompiledSet& set, const Environment& environment)
      : set_(set), environment_(environment) {}

  Result<std::string> Run(const Value& data);

 private:
  enum class Flow : std::uint8_t { kOn, kBreak, kContinue };
  struct Variable {
    std::string_view name;  // with its $
    Value value;
  };

  // execution.cc: nodes
  Result<Flow> Walk(const std::vector<Node>& nodes, const Value& dot);
  Result<Flow> WalkNode(const Node& node, const Value& dot);
  Result<Flow> WalkIfOrWith(const Node& node, const Value& dot);
  Result<Flow> WalkRange(const Node& node, const Value& dot);
  /// One element; false ends the loop.
  Result<bool> Iterate(const Node& node, const Value& index, const Value& element);
  Status WalkTemplate(const Node& node, const Value& dot);
  Status Print(const Node& node, const Value& value);
  Status Write(std::string_view text, std::size_t at);

  // evaluate.cc: pipelines
  Result<Value> Evaluate(const Pipeline& pipeline, const Value& dot);
  /// `final_arg` is what the command before the | gave, or null.
  Result<Value> EvaluateCommand(const Command& command, const Value& dot, const Value* final_arg);
  /// An operand where nothing is known about the type that is wanted.
  Result<Value> EvaluateOperand(const Expr& expr, const Value& dot);
  Result<Value> EvaluateArg(const Expr& expr, Param param, const Value& dot);
  Result<Value> FieldChain(const Expr& expr, Value receiver, std::size_t first_name,
                           std::span<const Expr> args, const Value& dot, const Value* final_arg);
  Result<Value> Field(const Expr& expr, const std::string& name, const Value& receiver,
                      std::span<const Expr> args, const Value& dot, const Value* final_arg);
  /// Calls a function, or with a `receiver` a method. `args` are the operands after its name.
  Result<Value> CallFunction(const Expr& expr, const Function& function, const Value* receiver,
                             std::span<const Expr> args, const Value& dot, const Value* final_arg);
  Result<Value> AndOr(const Expr& expr, bool stop_at, std::span<const Expr> args, const Value& dot,
                      const Value* final_arg);
  Result<Value> Checked(Value value, Param param, const Expr& expr) const;
  Status NoArguments(const Expr& expr, std::span<const Expr> args, const Value* final_arg) const;
  Result<Value*> FindVariable(std::string_view name, std::size_t at);

  /// Takes a step and the handling of `value` off the budget.
  Status Charge(const Value& value, std::size_t at);
  Status ChargeWork(std::size_t bytes, std::size_t at);
  Error At(std::size_t begin, std::size_t end, const std::string& what,
           Errc code = Errc::kInvalid) const;
  Error At(const Expr& expr, const std::string& what) const {
    return At(expr.begin, expr.end, what);
  }

  const CompiledSet& set_;
  const Environment& environment_;
  const Tree* tree_ = nullptr;  // the template that is being executed
  std::vector<Variable> variables_;
  std::size_t scope_ = 0;  // where the variables of `tree_` begin
  std::string out_;
  HtmlEscaper html_;
  std::size_t steps_ = 0;
  int nesting_ = 0;  // walks and pipelines within each other: the machine's stack
  int template_depth_ = 0;
};

/// A literal where no type is asked for: an int unless it is written as a float.
Value IdealConstant(const Number& number);

}  // namespace tocsin::tmpl
