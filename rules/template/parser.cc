#include "rules/template/parser.h"

#include <algorithm>
#include <optional>

#include "base/parse.h"
#include "rules/template/literal.h"
#include "rules/template/parser_class.h"

namespace tocsin::tmpl {

Error Parser::Unexpected(const Token& token, std::string_view context) const {
  if (token.kind == TokenKind::kError) return At(token.begin, std::string(token.text));
  if (token.kind == TokenKind::kEnd) {
    return At(token.begin,
              "unexpected end of the text in " + std::string(context) + ": is an {{end}} missing?");
  }
  return At(token.begin, "unexpected \"" + std::string(token.text.substr(0, 40)) + "\" in " +
                             std::string(context));
}

Status Parser::ExpectRightDelim(std::string_view context) {
  const Token& token = NextNonSpace();
  if (token.kind != TokenKind::kRightDelim) return Unexpected(token, context);
  return Unit{};
}

Result<std::string> Parser::TemplateName(std::string_view context) {
  const Token& token = NextNonSpace();
  if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
    return Unexpected(token, context);
  }
  auto name = Unquote(token.text);
  if (!name) return At(token.begin, "bad string " + std::string(token.text));
  return *std::move(name);
}

Status Parser::List(Nodes& nodes, Closing& closing) {
  while (true) {
    const Token& token = NextNonSpace();
    switch (token.kind) {
      case TokenKind::kEnd:
        closing = Closing::kEndOfText;
        return Unit{};
      case TokenKind::kText: {
        Node& node = nodes.emplace_back();
        node.begin = token.begin;
        node.text = token.text;
        break;
      }
      case TokenKind::kLeftDelim: {
        std::optional<Closing> closed;
        TRY(Action(nodes, closed));
        if (!closed) break;
        closing = *closed;
        return Unit{};
      }
      default:
        return Unexpected(token, "the text");
    }
  }
}

Status Parser::Action(Nodes& nodes, std::optional<Closing>& closing) {
  const Token first = PeekNonSpace();
  if (first.kind != TokenKind::kKeyword || first.text == "nil") {
    Node node;
    node.kind = NodeKind::kAction;
    node.begin = first.begin;
    TRY_ASSIGN(node.pipeline, ParsePipeline("command"));
    TRY(ExpectRightDelim("command"));
    nodes.push_back(std::move(node));
    return Unit{};
  }
  Next();
  const std::string_view word = first.text;
  if (word == "end") {
    closing = Closing::kEnd;
    return ExpectRightDelim("end");
  }
  if (word == "else") {
    closing = PeekKeyword("if") ? Closing::kElseIf : Closing::kElse;
    return closing == Closing::kElseIf ? Status(Unit{}) : ExpectRightDelim("else");
  }
  if (word == "define") {
    if (depth_ > 0) return At(first.begin, "{{define}} within another block");
    return Definition();
  }
  if (word == "block") return Block(nodes, first.begin);
  if (word == "break" || word == "continue") return LoopControl(nodes, first);
  Node node;
  node.begin = first.begin;
  TRY(word == "template" ? TemplateCall(node) : Control(node, word));
  nodes.push_back(std::move(node));
  return Unit{};
}

Status Parser::LoopControl(Nodes& nodes, const Token& keyword) {
  const std::string word(keyword.text);
  if (range_depth_ == 0) return At(keyword.begin, "{{" + word + "}} outside {{range}}");
  Node& node = nodes.emplace_back();
  node.kind = word == "break" ? NodeKind::kBreak : NodeKind::kContinue;
  node.begin = keyword.begin;
  return ExpectRightDelim(word);
}

/// if, with or range, whose keyword is past.
Status Parser::Control(Node& node, std::string_view keyword) {
  node.kind = keyword == "if"     ? NodeKind::kIf
              : keyword == "with" ? NodeKind::kWith
                                  : NodeKind::kRange;
  if (++depth_ > kMaxParseDepth) return At(node.begin, "blocks nested too deeply");
  const std::size_t scope = variables_.size();
  TRY_ASSIGN(node.pipeline, ParsePipeline(keyword));
  TRY(ExpectRightDelim(keyword));
  TRY(Body(node, keyword));
  variables_.resize(scope);
  --depth_;
  return Unit{};
}

Status Parser::Body(Node& node, std::string_view keyword) {
  const bool range = node.kind == NodeKind::kRange;
  range_depth_ += range ? 1 : 0;
  Closing closing{};
  TRY(List(node.body, closing));
  range_depth_ -= range ? 1 : 0;
  if (closing == Closing::kElseIf) {
    if (node.kind != NodeKind::kIf) return Unexpected(Peek(), "else");
    const Token word = NextNonSpace();
    Node chained;
    chained.begin = word.begin;
    TRY(Control(chained, word.text));  // its {{end}} is ours too
    node.otherwise.push_back(std::move(chained));
    return Unit{};
  }
  if (closing == Closing::kElse) {
    TRY(List(node.otherwise, closing));
    if (closing == Closing::kElse || closing == Closing::kElseIf) {
      return At(Peek().begin, "a second {{else}} in " + std::string(keyword));
    }
  }
  if (closing == Closing::kEndOfText) return Unexpected(Peek(), keyword);
  return Unit{};
}

Status Parser::AddDefinition(std::string name, Nodes nodes, std::size_t at) {
  auto tree = std::make_shared<Tree>();
  tree->name = name;
  tree->source_name = options_.name;
  tree->source = source_;
  tree->nodes = std::move(nodes);
  auto& slot = definitions_[std::move(name)];
  if (slot && !slot->IsEmpty()) {
    if (tree->IsEmpty()) return Unit{};
    return At(at, "template \"" + tree->name + "\" is defined twice");
  }
  slot = std::move(tree);
  return Unit{};
}

Status Parser::Definition() {
  const std::size_t at = PeekNonSpace().begin;
  TRY_ASSIGN(std::string name, TemplateName("define clause"));
  TRY(ExpectRightDelim("define clause"));
  // A definition sees no variables but $.
  std::vector<std::string> outer{"$"};
  std::swap(outer, variables_);
  ++depth_;
  Nodes nodes;
  Closing closing{};
  TRY(List(nodes, closing));
  --depth_;
  std::swap(outer, variables_);
  if (closing != Closing::kEnd) return Unexpected(Peek(), "define clause");
  return AddDefinition(std::move(name), std::move(nodes), at);
}

/// {{block "name" pipeline}} … {{end}}: a definition and its first use.
Status Parser::Block(Nodes& nodes, std::size_t begin) {
  if (++depth_ > kMaxParseDepth) return At(begin, "blocks nested too deeply");
  Node node;
  node.kind = NodeKind::kTemplate;
  node.begin = static_cast<std::uint32_t>(begin);
  TRY_ASSIGN(node.text, TemplateName("block clause"));
  TRY_ASSIGN(node.pipeline, ParsePipeline("block clause"));
  TRY(ExpectRightDelim("block clause"));
  std::vector<std::string> outer{"$"};
  std::swap(outer, variables_);
  const int ranges = std::exchange(range_depth_, 0);
  Nodes inside;
  Closing closing{};
  TRY(List(inside, closing));
  if (closing != Closing::kEnd) return Unexpected(Peek(), "block clause");
  range_depth_ = ranges;
  std::swap(outer, variables_);
  --depth_;
  TRY(AddDefinition(node.text, std::move(inside), begin));
  nodes.push_back(std::move(node));
  return Unit{};
}

Status Parser::TemplateCall(Node& node) {
  node.kind = NodeKind::kTemplate;
  TRY_ASSIGN(node.text, TemplateName("template clause"));
  if (PeekNonSpace().kind != TokenKind::kRightDelim) {
    TRY_ASSIGN(node.pipeline, ParsePipeline("template clause"));
  }
  return ExpectRightDelim("template clause");
}

Result<ParsedText> Parser::Run(std::string tree_name) {
  auto main = std::make_shared<Tree>();
  Closing closing{};
  TRY(List(main->nodes, closing));
  if (Peek().kind == TokenKind::kError) return Unexpected(Peek(), "the text");
  if (closing != Closing::kEndOfText) {
    return At(tokens_[at_ - 1].begin,
              closing == Closing::kEnd ? "{{end}} without a beginning" : "{{else}} without {{if}}");
  }
  main->name = std::move(tree_name);
  main->source_name = options_.name;
  main->source = source_;
  return ParsedText{std::move(main), std::move(definitions_)};
}

namespace {

bool IsEmptyList(const std::vector<Node>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const Node& node) {
    return node.kind == NodeKind::kText && Trim(node.text).empty();
  });
}

}  // namespace

bool Tree::IsEmpty() const { return IsEmptyList(nodes); }

const Tree* CompiledSet::Find(std::string_view name) const {
  for (const CompiledSet* set = this; set; set = set->base.get()) {
    if (const auto found = set->trees.find(name); found != set->trees.end()) {
      return found->second.get();
    }
  }
  return nullptr;
}

std::string LineColumn(std::string_view source, std::size_t at) {
  const std::string_view before = source.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return std::to_string(line) + ":" + std::to_string(column + 1);
}

Result<ParsedText> ParseText(std::string_view text, std::string tree_name,
                             const ParseOptions& options) {
  if (text.size() > kMaxTemplateBytes) {
    return Error{Errc::kLimit, std::string(options.name) + ": template is longer than " +
                                   std::to_string(kMaxTemplateBytes) + " bytes"};
  }
  return Parser(std::make_shared<const std::string>(text), options).Run(std::move(tree_name));
}

}  // namespace tocsin::tmpl
