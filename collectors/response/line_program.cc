#include "collectors/response/line_program.h"

#include <algorithm>
#include <utility>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxSteps = 500;
constexpr std::size_t kAscii = 128;

struct Piece {
  enum class Kind { kRun, kGroup, kBegin, kEnd };
  Kind kind;
  LineByteSet set{};
  std::uint32_t min = 1;
  std::uint32_t max = 1;
  bool lazy = false;
  std::uint32_t group = 0;  // its number if it is a named one
  std::vector<std::vector<Piece>> alternatives{};
};
using Sequence = std::vector<Piece>;

LineByteSet Byte(char c) { return LineByteSet().set(static_cast<unsigned char>(c)); }

LineByteSet Range(unsigned char low, unsigned char high) {
  LineByteSet set;
  for (unsigned c = low; c <= high; ++c) set.set(c);
  return set;
}

/// \d, \s, \w as RE2 has them, and their opposites.
std::optional<LineByteSet> NamedClass(char name) {
  switch (name) {
    case 'd':
      return Range('0', '9');
    case 's':
      return Byte('\t') | Byte('\n') | Byte('\f') | Byte('\r') | Byte(' ');
    case 'w':
      return Range('0', '9') | Range('A', 'Z') | Range('a', 'z') | Byte('_');
    case 'D':
    case 'S':
    case 'W':
      return ~*NamedClass(static_cast<char>(name - 'A' + 'a'));
    default:
      return std::nullopt;
  }
}

/// The character that a backslash and `c` stand for; nothing if it is something else, or rare.
std::optional<char> Escaped(char c) {
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    default:
      break;
  }
  const bool word = NamedClass('w')->test(static_cast<unsigned char>(c));
  return word ? std::nullopt : std::optional(c);
}

/// Reads an expression; whatever it does not know for sure makes it give up.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<std::vector<Sequence>> Parse() {
    auto all = ParseAlternatives(0);
    return ok_ && text_.empty() ? std::optional(std::move(all)) : std::nullopt;
  }

 private:
  bool Take(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  /// '\0' at the end, which gives up.
  char Next() {
    if (text_.empty() || static_cast<unsigned char>(text_.front()) >= kAscii) {
      ok_ = false;
      return '\0';
    }
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  std::vector<Sequence> ParseAlternatives(int depth) {
    std::vector<Sequence> alternatives(1);
    ok_ = ok_ && depth <= kMaxDepth;
    while (ok_ && !text_.empty() && text_.front() != ')') {
      if (Take("|")) {
        alternatives.emplace_back();
      } else {
        alternatives.back().push_back(ParsePiece(depth));
      }
    }
    return alternatives;
  }

  Piece ParsePiece(int depth) {
    Piece piece = ParseAtom(depth);
    const bool repeatable = piece.kind == Piece::Kind::kRun || piece.kind == Piece::Kind::kGroup;
    if (!repeatable || !ParseRepeat(piece)) return piece;
    piece.lazy = Take("?");
    if (piece.kind == Piece::Kind::kGroup && (piece.min > 1 || piece.max != 1)) ok_ = false;
    return piece;
  }

  /// Whether there is one. Something that cannot be repeated must not be followed by one.
  bool ParseRepeat(Piece& piece) {
    constexpr std::uint32_t kMany = LineStep::kUnlimited;
    if (Take("*")) {
      piece.min = 0;
      piece.max = kMany;
    } else if (Take("+")) {
      piece.max = kMany;
    } else if (Take("?")) {
      piece.min = 0;
    } else if (text_.starts_with('{')) {
      const std::size_t close = text_.find('}');
      if (close == std::string_view::npos) return ok_ = false;
      const std::string_view inner = text_.substr(1, close - 1);
      const std::size_t comma = inner.find(',');
      const auto low = ParseInt<std::uint16_t>(inner.substr(0, comma));
      const auto high =
          comma == std::string_view::npos ? low : ParseInt<std::uint16_t>(inner.substr(comma + 1));
      const bool open = comma + 1 == inner.size();
      if (!low || (!high && !open)) return ok_ = false;
      text_.remove_prefix(close + 1);
      piece.min = *low;
      piece.max = high ? *high : kMany;
    } else {
      return false;
    }
    return true;
  }

  Piece ParseAtom(int depth) {
    const char c = Next();
    switch (c) {
      case '(':
        return ParseGroup(depth);
      case '[':
        return {Piece::Kind::kRun, ParseClass()};
      case '.':
        return {Piece::Kind::kRun, ~Byte('\n')};
      case '^':
        return {Piece::Kind::kBegin};
      case '$':
        return {Piece::Kind::kEnd};
      case '\\':
        return {Piece::Kind::kRun, ParseEscape()};
      case '*':
      case '+':
      case '?':
      case '{':
        ok_ = false;
        break;
      default:
        break;
    }
    return {Piece::Kind::kRun, Byte(c)};
  }

  LineByteSet ParseEscape() {
    const char c = Next();
    if (auto named = NamedClass(c)) return *named;
    const auto character = Escaped(c);
    ok_ = ok_ && character;
    return Byte(character.value_or(c));
  }

  Piece ParseGroup(int depth) {
    Piece piece{Piece::Kind::kGroup};
    if (Take("?P<") || Take("?<")) {
      piece.group = ++groups_;
      const std::size_t close = text_.find('>');
      if (close == std::string_view::npos) ok_ = false;
      text_.remove_prefix(ok_ ? close + 1 : 0);
    } else if (!Take("?:")) {
      if (text_.starts_with('?')) ok_ = false;  // flags
      ++groups_;
    }
    piece.alternatives = ParseAlternatives(depth + 1);
    if (!Take(")")) ok_ = false;
    return piece;
  }

  LineByteSet ParseClass() {
    const bool negative = Take("^");
    LineByteSet set;
    bool first = true;
    while (ok_ && (first || !text_.starts_with(']'))) {
      if (text_.starts_with("[:")) ok_ = false;
      set |= ParseClassItem();
      first = false;
    }
    if (!Take("]")) ok_ = false;
    return negative ? ~set : set;
  }

  LineByteSet ParseClassItem() {
    char low = Next();
    if (low == '\\') {
      low = Next();
      if (auto named = NamedClass(low)) return *named;
      const auto character = Escaped(low);
      ok_ = ok_ && character;
      low = character.value_or(low);
    }
    if (text_.size() < 2 || text_[0] != '-' || text_[1] == ']') return Byte(low);
    Next();
    char high = Next();
    if (high == '\\') {
      const auto character = Escaped(Next());
      ok_ = ok_ && character;
      high = character.value_or('\0');
    }
    ok_ = ok_ && low <= high;
    return Range(static_cast<unsigned char>(low), static_cast<unsigned char>(high));
  }

  std::string_view text_;
  std::uint32_t groups_ = 0;
  bool ok_ = true;
};

bool HasOthers(const LineByteSet& set) { return set.test(kAscii); }

/// The one character that a piece is.
std::optional<char> AsCharacter(const Piece& piece) {
  if (piece.kind != Piece::Kind::kRun || piece.min != 1 || piece.max != 1) return std::nullopt;
  if (piece.set.count() != 1) return std::nullopt;
  for (std::size_t c = 0; c < kAscii; ++c) {
    if (piece.set.test(c)) return static_cast<char>(c);
  }
  return std::nullopt;
}

class Emitter {
 public:
  LineProgram Emit(const std::vector<Sequence>& all) {
    EmitAlternatives(all);
    Add(LineStep::Kind::kMatch);
    LookAhead();
    return std::move(program_);
  }

 private:
  using Kind = LineStep::Kind;

  std::uint32_t Here() const { return static_cast<std::uint32_t>(program_.steps.size()); }
  LineStep& At(std::uint32_t step) { return program_.steps[step]; }
  std::uint32_t Add(Kind kind) {
    program_.steps.emplace_back().kind = kind;
    return Here() - 1;
  }
  std::uint32_t NumberOf(const LineByteSet& set) {
    const auto found = std::find(program_.sets.begin(), program_.sets.end(), set);
    if (found != program_.sets.end()) {
      return static_cast<std::uint32_t>(found - program_.sets.begin());
    }
    program_.sets.push_back(set);
    return static_cast<std::uint32_t>(program_.sets.size() - 1);
  }

  void EmitAlternatives(const std::vector<Sequence>& alternatives) {
    std::vector<std::uint32_t> jumps;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
      const bool last = i + 1 == alternatives.size();
      const std::uint32_t split = last ? 0 : Add(Kind::kSplit);
      EmitSequence(alternatives[i]);
      if (last) break;
      jumps.push_back(Add(Kind::kJump));
      At(split).to = split + 1;
      At(split).otherwise = Here();
    }
    for (const std::uint32_t jump : jumps) At(jump).to = Here();
  }

  void EmitSequence(const Sequence& sequence) {
    bool in_text = false;
    for (const Piece& piece : sequence) {
      if (const auto character = AsCharacter(piece)) {
        if (!in_text) Add(Kind::kText);
        in_text = true;
        At(Here() - 1).text += *character;
        continue;
      }
      in_text = false;
      EmitPiece(piece);
    }
  }

  void EmitPiece(const Piece& piece) {
    switch (piece.kind) {
      case Piece::Kind::kBegin:
        Add(Kind::kBegin);
        break;
      case Piece::Kind::kEnd:
        Add(Kind::kEnd);
        break;
      case Piece::Kind::kRun:
        EmitRun(piece);
        break;
      case Piece::Kind::kGroup:
        EmitGroup(piece);
        break;
    }
  }

  void EmitRun(const Piece& piece) {
    LineStep& step = At(Add(Kind::kRun));
    step.lazy = piece.lazy;
    step.min = piece.min;
    step.max = piece.max;
    step.set = NumberOf(piece.set);
    if (piece.set.count() == 255) {
      for (int c = 0; c < static_cast<int>(kAscii); ++c) {
        if (!piece.set.test(static_cast<std::size_t>(c))) step.stop = c;
      }
    }
    // Bytes are counted here, characters there.
    if (HasOthers(piece.set) && (piece.min > 1 || piece.max != LineStep::kUnlimited)) {
      program_.ascii_only = true;
    }
  }

  void EmitGroup(const Piece& piece) {
    const bool optional = piece.min == 0;
    const std::uint32_t split = optional ? Add(Kind::kSplit) : 0;
    if (piece.group != 0) At(Add(Kind::kSave)).slot = 2 * piece.group;
    EmitAlternatives(piece.alternatives);
    if (piece.group != 0) At(Add(Kind::kSave)).slot = 2 * piece.group + 1;
    if (!optional) return;
    At(split).to = split + 1;
    At(split).otherwise = Here();
    if (piece.lazy) std::swap(At(split).to, At(split).otherwise);
  }

  /// Which bytes can come next at each step. All jumps go ahead, so one pass from the end does it.
  void LookAhead() {
    std::vector<LineByteSet> first(program_.steps.size());
    for (std::size_t i = program_.steps.size(); i-- > 0;) {
      LineStep& step = program_.steps[i];
      switch (step.kind) {
        case Kind::kText:
          first[i] = Byte(step.text.front());
          break;
        case Kind::kRun: {
          const LineByteSet own = program_.sets[step.set];
          step.certain = (own & first[i + 1]).none();
          first[i] = step.min > 0 ? own : own | first[i + 1];
          break;
        }
        case Kind::kSave:
          first[i] = first[i + 1];
          break;
        case Kind::kSplit:
          first[i] = first[step.to] | first[step.otherwise];
          break;
        case Kind::kJump:
          first[i] = first[step.to];
          break;
        case Kind::kEnd:
          break;  // no byte
        case Kind::kBegin:
        case Kind::kMatch:
          first[i].set();
          break;
      }
      step.first = NumberOf(first[i]);
    }
  }

  LineProgram program_;
};

}  // namespace

std::optional<LineProgram> CompileLineProgram(std::string_view expression) {
  const auto all = Parser(expression).Parse();
  if (!all) return std::nullopt;
  LineProgram program = Emitter().Emit(*all);
  return program.steps.size() <= kMaxSteps ? std::optional(std::move(program)) : std::nullopt;
}

}  // namespace tocsin
