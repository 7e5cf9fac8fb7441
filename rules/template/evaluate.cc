// The pipelines of an Execution.

#include <algorithm>

#include "rules/template/execution.h"
#include "rules/template/prometheus_types.h"

namespace tocsin::tmpl {
namespace {

constexpr std::string_view kNilPointer = "nil pointer evaluating interface {}.";

}  // namespace

Value IdealConstant(const Number& number) {
  return number.is_int && !number.float_syntax ? Value::Int(number.integer)
                                               : Value::Float(number.real);
}

Result<Value*> Execution::FindVariable(std::string_view name, std::size_t at) {
  for (std::size_t i = variables_.size(); i > scope_; --i) {
    if (variables_[i - 1].name == name) return &variables_[i - 1].value;
  }
  return At(at, at, "undefined variable: " + std::string(name));
}

Result<Value> Execution::Evaluate(const Pipeline& pipeline, const Value& dot) {
  constexpr int kMaxPipelines = 400;
  if (nesting_ >= kMaxPipelines) {
    return At(pipeline.begin, pipeline.begin, "nested too deeply", Errc::kLimit);
  }
  ++nesting_;
  Value value;
  bool first = true;
  for (const Command& command : pipeline.commands) {
    TRY_ASSIGN(value, EvaluateCommand(command, dot, first ? nullptr : &value));
    TRY(Charge(value, command.begin));
    first = false;
  }
  --nesting_;
  for (const std::string& name : pipeline.variables) {
    if (!pipeline.assigns) {
      variables_.push_back({name, value});
      continue;
    }
    TRY_ASSIGN(Value* const variable, FindVariable(name, pipeline.begin));
    *variable = value;
  }
  return value;
}

Status Execution::NoArguments(const Expr& expr, std::span<const Expr> args,
                              const Value* final_arg) const {
  if (args.empty() && !final_arg) return Unit{};
  return At(expr, "can't give argument to non-function");
}

Result<Value> Execution::EvaluateCommand(const Command& command, const Value& dot,
                                         const Value* final_arg) {
  const Expr& word = command.operands[0];
  const auto args = std::span(command.operands).subspan(1);
  switch (word.kind) {
    case ExprKind::kField:
      return FieldChain(word, dot, 0, args, dot, final_arg);
    case ExprKind::kChain: {
      TRY_ASSIGN(Value receiver, EvaluateOperand(*word.inner, dot));
      return FieldChain(word, std::move(receiver), 0, args, dot, final_arg);
    }
    case ExprKind::kIdentifier:
      return CallFunction(word, *word.function, nullptr, args, dot, final_arg);
    case ExprKind::kVariable:
      if (word.names.size() > 1) {
        TRY_ASSIGN(Value* const variable, FindVariable(word.names[0], word.begin));
        return FieldChain(word, *variable, 1, args, dot, final_arg);
      }
      break;
    default:
      break;
  }
  TRY(NoArguments(word, args, final_arg));
  return EvaluateOperand(word, dot);
}

Result<Value> Execution::EvaluateOperand(const Expr& expr, const Value& dot) {
  switch (expr.kind) {
    case ExprKind::kBool:
    case ExprKind::kString:
      return expr.literal;
    case ExprKind::kNumber:
      return IdealConstant(expr.number);
    case ExprKind::kNil:
      return Value();
    case ExprKind::kDot:
      return dot;
    case ExprKind::kField:
      return FieldChain(expr, dot, 0, {}, dot, nullptr);
    case ExprKind::kVariable: {
      TRY_ASSIGN(Value* const variable, FindVariable(expr.names[0], expr.begin));
      if (expr.names.size() == 1) return *variable;
      return FieldChain(expr, *variable, 1, {}, dot, nullptr);
    }
    case ExprKind::kChain: {
      TRY_ASSIGN(Value receiver, EvaluateOperand(*expr.inner, dot));
      return FieldChain(expr, std::move(receiver), 0, {}, dot, nullptr);
    }
    case ExprKind::kIdentifier:
      return CallFunction(expr, *expr.function, nullptr, {}, dot, nullptr);
    case ExprKind::kPipeline:
      return Evaluate(*expr.pipeline, dot);
  }
  return Value();
}

/// Literals take the type that the parameter asks for; everything else must have it.
Result<Value> Execution::EvaluateArg(const Expr& expr, Param param, const Value& dot) {
  const auto expected = [&](std::string_view what) {
    return At(expr, "expected " + std::string(what));
  };
  switch (expr.kind) {
    case ExprKind::kNil:
      if (param == Param::kAny || param == Param::kStrings || param == Param::kSamples) {
        return Value();
      }
      return At(expr, "cannot assign nil to " + std::string(ParamTypeName(param)));
    case ExprKind::kNumber:
      if (param == Param::kFloat) return Value::Float(expr.number.real);
      if (param == Param::kInt) {
        if (!expr.number.is_int) return expected("integer");
        return Value::Int(expr.number.integer);
      }
      if (param == Param::kDuration && expr.number.is_int) {
        return Value::Of(Duration{expr.number.integer});
      }
      if (param == Param::kAny) return IdealConstant(expr.number);
      return expected(ParamTypeName(param));
    case ExprKind::kBool:
    case ExprKind::kString:
      if (param == Param::kAny || (param == Param::kString && expr.kind == ExprKind::kString)) {
        return expr.literal;
      }
      return expected(ParamTypeName(param));
    default: {
      TRY_ASSIGN(Value value, EvaluateOperand(expr, dot));
      TRY(Charge(value, expr.begin));
      return Checked(std::move(value), param, expr);
    }
  }
}

Result<Value> Execution::Checked(Value value, Param param, const Expr& expr) const {
  bool fits = false;
  switch (param) {
    case Param::kAny:
      fits = true;
      break;
    case Param::kString:
      fits = value.type() == &kStringType;
      break;
    case Param::kInt:
      fits = value.type() == &kIntType;
      break;
    case Param::kFloat:
      fits = value.kind() == Kind::kFloat;
      break;
    case Param::kStrings:
      fits = value.type() == &kStringsType || value.is_nil();
      break;
    case Param::kSamples:
      fits = value.type() == &kSamplesType || value.is_nil();
      break;
    case Param::kSample:
      fits = value.type() == &kSampleType;
      break;
    case Param::kTime:
      fits = value.kind() == Kind::kTime;
      break;
    case Param::kDuration:
      fits = value.kind() == Kind::kDuration;
      break;
  }
  if (fits) return value;
  const std::string wanted(ParamTypeName(param));
  if (value.is_nil()) return At(expr, "invalid value; expected " + wanted);
  return At(expr,
            "wrong type for value; expected " + wanted + "; got " + std::string(value.type_name()));
}

Result<Value> Execution::FieldChain(const Expr& expr, Value receiver, std::size_t first_name,
                                    std::span<const Expr> args, const Value& dot,
                                    const Value* final_arg) {
  const std::size_t last = expr.names.size() - 1;
  for (std::size_t i = first_name; i <= last; ++i) {
    if (receiver.is_nil()) {
      // Nothing at all gives nothing; a key that is not there has no fields.
      if (i == first_name) return Value();
      return At(expr, std::string(kNilPointer) + expr.names[i]);
    }
    TRY_ASSIGN(receiver,
               Field(expr, expr.names[i], receiver, i == last ? args : std::span<const Expr>{}, dot,
                     i == last ? final_arg : nullptr));
  }
  return receiver;
}

Result<Value> Execution::Field(const Expr& expr, const std::string& name, const Value& receiver,
                               std::span<const Expr> args, const Value& dot,
                               const Value* final_arg) {
  if (const Function* const method = FindFunction(receiver.type()->methods, name)) {
    return CallFunction(expr, *method, &receiver, args, dot, final_arg);
  }
  const bool has_args = !args.empty() || final_arg;
  Value value;
  if (receiver.kind() == Kind::kStruct && receiver.Find(name, value)) {
    if (has_args) return At(expr, name + " has arguments but cannot be invoked as function");
    return value;
  }
  if (receiver.kind() == Kind::kMap) {
    if (has_args) return At(expr, name + " is not a method but has arguments");
    // A missing key is the zero of the element's type.
    if (!receiver.Find(name, value) && receiver.type() != &kAnyMapType) value = Value::String("");
    return value;
  }
  return At(expr, "can't evaluate field " + name + " in type " + std::string(receiver.type_name()));
}

Result<Value> Execution::AndOr(const Expr& expr, bool stop_at, std::span<const Expr> args,
                               const Value& dot, const Value* final_arg) {
  if (args.empty() && !final_arg) {
    return At(expr, "wrong number of args for " + std::string(expr.function->name) +
                        ": want at least 1 got 0");
  }
  Value value;
  for (const Expr& arg : args) {
    TRY_ASSIGN(value, EvaluateArg(arg, Param::kAny, dot));
    if (value.Truth() == stop_at) return value;
  }
  return final_arg ? *final_arg : value;
}

Result<Value> Execution::CallFunction(const Expr& expr, const Function& function,
                                      const Value* receiver, std::span<const Expr> args,
                                      const Value& dot, const Value* final_arg) {
  if (!function.callee) return AndOr(expr, function.name == "or", args, dot, final_arg);
  const std::span<const Param> params = function.params;
  const std::size_t given = args.size() + (final_arg ? 1 : 0);
  const std::size_t fixed = params.size() - (function.variadic ? 1 : 0);
  const std::string name(function.name);
  if (function.variadic ? given < fixed : given != fixed) {
    return At(expr, "wrong number of args for " + name + ": want " +
                        (function.variadic ? "at least " : "") + std::to_string(fixed) + " got " +
                        std::to_string(given));
  }
  const auto param = [&](std::size_t i) { return i < fixed ? params[i] : params.back(); };
  std::vector<Value> values;
  values.reserve(given + 1);
  if (receiver) values.push_back(*receiver);
  for (std::size_t i = 0; i < args.size(); ++i) {
    TRY_ASSIGN(Value value, EvaluateArg(args[i], param(i), dot));
    values.push_back(std::move(value));
  }
  if (final_arg) {
    TRY_ASSIGN(Value value, Checked(*final_arg, param(args.size()), expr));
    values.push_back(std::move(value));
  }
  std::size_t work = 0;
  Result<Value> result = function.callee(Call{environment_, values, work});
  TRY(ChargeWork(work, expr.begin));
  if (!result) {
    return At(expr.begin, args.empty() ? expr.end : args.back().end,
              "error calling " + name + ": " + result.error().message(), result.error().code());
  }
  TRY(Charge(*result, expr.begin));
  return result;
}

}  // namespace tocsin::tmpl
