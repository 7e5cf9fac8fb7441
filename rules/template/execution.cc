#include "rules/template/execution.h"

#include "rules/template/fmt.h"

namespace tocsin::tmpl {
namespace {

// Each level takes a few hundred bytes of stack, under ASan some kilobytes.
constexpr int kMaxNesting = 400;
// Text that is handled costs steps too, or a loop over long strings would go on for minutes.
constexpr std::size_t kBytesPerStep = 64;

class Nested {
 public:
  explicit Nested(int& depth) : depth_(depth) { ++depth_; }
  ~Nested() { --depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  int& depth_;
};

}  // namespace

Error Execution::At(std::size_t begin, std::size_t end, const std::string& what, Errc code) const {
  std::string message = tree_->source_name + ":" + LineColumn(*tree_->source, begin) + ": ";
  if (end > begin) {
    constexpr std::size_t kShown = 60;
    const std::string_view source = std::string_view(*tree_->source).substr(begin, end - begin);
    message += "at <" + std::string(source.substr(0, kShown));
    message += source.size() > kShown ? "…>: " : ">: ";
  }
  return {code, message + what};
}

Status Execution::Charge(const Value& value, std::size_t at) {
  return ChargeWork(value.kind() == Kind::kString ? value.AsString().size() : 0, at);
}

Status Execution::ChargeWork(std::size_t bytes, std::size_t at) {
  steps_ += 1 + bytes / kBytesPerStep;
  if (steps_ <= environment_.limits.steps) return Unit{};
  return At(at, at, "more than " + std::to_string(environment_.limits.steps) + " steps",
            Errc::kLimit);
}

Status Execution::Write(std::string_view text, std::size_t at) {
  if (out_.size() + text.size() > environment_.limits.output_bytes) {
    return At(
        at, at,
        "the output is longer than " + std::to_string(environment_.limits.output_bytes) + " bytes",
        Errc::kLimit);
  }
  out_ += text;
  return Unit{};
}

Result<std::string> Execution::Run(const Value& data) {
  tree_ = set_.root.get();
  variables_.push_back({"$", data});
  for (const auto& [name, field] : set_.variables) {
    Value value;
    if (data.kind() == Kind::kMap || data.kind() == Kind::kStruct) data.Find(field, value);
    variables_.push_back({name, std::move(value)});
  }
  TRY(Walk(tree_->nodes, data));
  return std::move(out_);
}

Result<Execution::Flow> Execution::Walk(const std::vector<Node>& nodes, const Value& dot) {
  const Nested nested(nesting_);
  for (const Node& node : nodes) {
    if (nesting_ > kMaxNesting) {
      return At(node.begin, node.begin, "nested too deeply", Errc::kLimit);
    }
    TRY(Charge({}, node.begin));
    TRY_ASSIGN(const Flow flow, WalkNode(node, dot));
    if (flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Result<Execution::Flow> Execution::WalkNode(const Node& node, const Value& dot) {
  switch (node.kind) {
    case NodeKind::kText:
      if (environment_.escaping == Escaping::kHtml) html_.Literal(node.text);
      TRY(Write(node.text, node.begin));
      return Flow::kOn;
    case NodeKind::kAction: {
      TRY_ASSIGN(const Value value, Evaluate(*node.pipeline, dot));
      if (node.pipeline->variables.empty()) TRY(Print(node, value));
      return Flow::kOn;
    }
    case NodeKind::kIf:
    case NodeKind::kWith:
      return WalkIfOrWith(node, dot);
    case NodeKind::kRange:
      return WalkRange(node, dot);
    case NodeKind::kTemplate:
      TRY(WalkTemplate(node, dot));
      return Flow::kOn;
    case NodeKind::kBreak:
      return Flow::kBreak;
    case NodeKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kOn;
}

Status Execution::Print(const Node& node, const Value& value) {
  if (value.kind() == Kind::kString && environment_.escaping == Escaping::kNone) {
    return Write(value.AsString(), node.begin);
  }
  auto text = Printed(value, environment_.limits.output_bytes);
  if (!text) return At(node.begin, node.begin, text.error().message(), text.error().code());
  if (environment_.escaping == Escaping::kNone) return Write(*text, node.begin);
  std::string escaped;
  html_.Append(value, *text, escaped);
  return Write(escaped, node.begin);
}

Result<Execution::Flow> Execution::WalkIfOrWith(const Node& node, const Value& dot) {
  const std::size_t scope = variables_.size();
  TRY_ASSIGN(const Value value, Evaluate(*node.pipeline, dot));
  const bool truth = value.Truth();
  const Value& inner = truth && node.kind == NodeKind::kWith ? value : dot;
  TRY_ASSIGN(const Flow flow, Walk(truth ? node.body : node.otherwise, inner));
  variables_.resize(scope);
  return flow;
}

Result<bool> Execution::Iterate(const Node& node, const Value& index, const Value& element) {
  const std::vector<std::string>& names = node.pipeline->variables;
  const std::size_t mark = variables_.size();
  // The pipeline has pushed its variables; the last one is the element.
  if (!names.empty() && !node.pipeline->assigns) variables_[mark - 1].value = element;
  if (names.size() > 1 && !node.pipeline->assigns) variables_[mark - 2].value = index;
  if (node.pipeline->assigns) {
    TRY_ASSIGN(Value* const last, FindVariable(names.back(), node.begin));
    *last = element;
    if (names.size() > 1) {
      TRY_ASSIGN(Value* const first, FindVariable(names.front(), node.begin));
      *first = index;
    }
  }
  TRY(Charge({}, node.begin));
  TRY_ASSIGN(const Flow flow, Walk(node.body, element));
  variables_.resize(mark);
  return flow != Flow::kBreak;
}

Result<Execution::Flow> Execution::WalkRange(const Node& node, const Value& dot) {
  const std::size_t scope = variables_.size();
  TRY_ASSIGN(const Value value, Evaluate(*node.pipeline, dot));
  const bool list = value.kind() == Kind::kList;
  if (!list && value.kind() != Kind::kMap && !value.is_nil()) {
    TRY_ASSIGN(const std::string shown, Sprint(std::span(&value, 1), 1000));
    return At(node.pipeline->begin, node.pipeline->end, "range can't iterate over " + shown);
  }
  if (!value.Truth()) {
    TRY_ASSIGN(const Flow flow, Walk(node.otherwise, dot));
    variables_.resize(scope);
    return flow;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    Result<bool> going = true;
    if (list) {
      going = Iterate(node, Value::Int(static_cast<std::int64_t>(i)), value.AsList()[i]);
    } else {
      const auto entry = value.Entry(i);
      going = Iterate(node, Value::String(std::string(entry.first)), entry.second);
    }
    if (!going) return std::move(going).error();
    if (!*going) break;
  }
  variables_.resize(scope);
  return Flow::kOn;
}

Status Execution::WalkTemplate(const Node& node, const Value& dot) {
  const Tree* const tree = set_.Find(node.text);
  if (!tree) return At(node.begin, node.begin, "template \"" + node.text + "\" not defined");
  if (template_depth_ >= environment_.limits.template_depth) {
    return At(node.begin, node.begin,
              "more than " + std::to_string(environment_.limits.template_depth) +
                  " templates within each other",
              Errc::kLimit);
  }
  Value data;
  if (node.pipeline) {
    TRY_ASSIGN(data, Evaluate(*node.pipeline, dot));
  }
  // It sees only its own $.
  const Tree* const outer = std::exchange(tree_, tree);
  const std::size_t outer_scope = std::exchange(scope_, variables_.size());
  variables_.push_back({"$", data});
  ++template_depth_;
  TRY(Walk(tree->nodes, data));
  --template_depth_;
  variables_.resize(scope_);
  scope_ = outer_scope;
  tree_ = outer;
  return Unit{};
}

}  // namespace tocsin::tmpl
