#pragma once
// The parser itself: parser.cc has the nodes, parse_pipeline.cc what stands inside actions.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template/lexer.h"
#include "rules/template/parser.h"

namespace tocsin::tmpl {

inline constexpr int kMaxParseDepth = 100;  // blocks and parentheses within each other

/// How a list of nodes ended.
enum class Closing : std::uint8_t { kEndOfText, kEnd, kElse, kElseIf };

class Parser {
 public:
  Parser(std::shared_ptr<const std::string> source, const ParseOptions& options)
      : source_(std::move(source)), options_(options), tokens_(Lex(*source_)) {
    variables_.emplace_back("$");
    for (const auto& variable : options.variables) variables_.emplace_back(variable.first);
  }

  Result<ParsedText> Run(std::string tree_name);

 private:
  using Nodes = std::vector<Node>;

  const Token& Peek() const { return tokens_[at_]; }
  const Token& Next() { return tokens_[Done() ? at_ : at_++]; }
  bool Done() const { return Peek().kind == TokenKind::kEnd || Peek().kind == TokenKind::kError; }
  void SkipSpace() {
    while (Peek().kind == TokenKind::kSpace) ++at_;
  }
  const Token& PeekNonSpace() {
    SkipSpace();
    return Peek();
  }
  const Token& NextNonSpace() {
    SkipSpace();
    return Next();
  }
  bool PeekKeyword(std::string_view word) {
    const Token& token = PeekNonSpace();
    return token.kind == TokenKind::kKeyword && token.text == word;
  }

  Error At(std::size_t position, const std::string& what) const {
    return {Errc::kInvalid,
            std::string(options_.name) + ":" + LineColumn(*source_, position) + ": " + what};
  }
  Error Unexpected(const Token& token, std::string_view context) const;
  Status ExpectRightDelim(std::string_view context);
  Result<std::string> TemplateName(std::string_view context);

  Status List(Nodes& nodes, Closing& closing);
  Status Action(Nodes& nodes, std::optional<Closing>& closing);
  Status Control(Node& node, std::string_view keyword);
  Status Body(Node& node, std::string_view keyword);
  Status Definition();
  Status Block(Nodes& nodes, std::size_t begin);
  Status AddDefinition(std::string name, Nodes nodes, std::size_t at);
  Status LoopControl(Nodes& nodes, const Token& keyword);
  Status TemplateCall(Node& node);
  Result<std::unique_ptr<Pipeline>> ParsePipeline(std::string_view context);
  Status Declarations(Pipeline& pipeline, std::string_view context);
  Result<Command> ParseCommand();
  Result<std::optional<Expr>> Operand();
  Result<std::optional<Expr>> Term();
  Result<Expr> Identifier(const Token& token) const;
  Result<Expr> Literal(const Token& token) const;
  Result<Expr> Parenthesized(const Token& open);

  std::shared_ptr<const std::string> source_;
  const ParseOptions& options_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int range_depth_ = 0;
  std::vector<std::string> variables_;  // declared so far, in the scopes that are open
  TreeMap definitions_;
};

}  // namespace tocsin::tmpl
