#pragma once
// A parsed template. Positions are byte offsets into the source text.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/template/types.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

struct Pipeline;

/// A literal number: what it is depends on where it stands, as with Go's untyped constants.
struct Number {
  bool is_int = false;
  bool is_float = false;
  bool float_syntax = false;  // written with a point or exponent: a float where nothing is asked
  std::int64_t integer = 0;
  double real = 0;
};

enum class ExprKind : std::uint8_t {
  kBool,
  kNumber,
  kString,
  kNil,
  kDot,
  kField,       // .A.B: names
  kVariable,    // $x.A.B: names, the variable first (with its $)
  kChain,       // (pipeline).A.B or function.A.B: inner, names
  kIdentifier,  // a function
  kPipeline,    // ( … )
};

/// An operand of a command.
struct Expr {
  ExprKind kind = ExprKind::kNil;
  std::uint32_t begin = 0;  // of its source text
  std::uint32_t end = 0;
  Value literal;  // kBool, kString
  Number number;
  std::vector<std::string> names;
  const Function* function = nullptr;
  std::unique_ptr<Expr> inner;
  std::unique_ptr<Pipeline> pipeline;
};

struct Command {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::vector<Expr> operands;  // the first says what is done; never empty
};

struct Pipeline {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool assigns = false;                // $x = …, else $x := …
  std::vector<std::string> variables;  // with their $; two only in range
  std::vector<Command> commands;       // never empty
};

enum class NodeKind : std::uint8_t {
  kText,
  kAction,
  kIf,
  kWith,
  kRange,
  kTemplate,
  kBreak,
  kContinue
};

struct Node {
  NodeKind kind = NodeKind::kText;
  std::uint32_t begin = 0;
  std::string text;  // kText: itself; kTemplate: the name
  std::unique_ptr<Pipeline> pipeline;
  std::vector<Node> body;
  std::vector<Node> otherwise;
};

/// One template: a whole text, or a {{define}} or {{block}} within one.
struct Tree {
  std::string name;
  std::string source_name;                    // for errors
  std::shared_ptr<const std::string> source;  // what positions point into
  std::vector<Node> nodes;

  /// Nothing but blanks: such a definition does not replace another.
  bool IsEmpty() const;
};

using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

/// Templates by name. Looks in `base` for what it has not itself.
struct CompiledSet {
  std::shared_ptr<const CompiledSet> base;
  TreeMap trees;
  // Of a Template only.
  std::shared_ptr<const Tree> root;
  std::vector<std::pair<std::string, std::string>> variables;  // name with $, field of the data

  const Tree* Find(std::string_view name) const;
};

/// "LINE:COLUMN" of a byte offset, both from 1, columns in bytes.
std::string LineColumn(std::string_view source, std::size_t at);

}  // namespace tocsin::tmpl
