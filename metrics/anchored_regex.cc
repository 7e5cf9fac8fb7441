#include "metrics/anchored_regex.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/ascii.h"

namespace tocsin {
namespace {

/// Longer expressions are left to RE2 and its limits.
constexpr std::size_t kMaxPattern = 2048;
constexpr std::size_t kMaxPieces = 128;

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool HasMeaning(char c) {
  return std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos;
}

/// What RE2 and the wildcards agree about: no newline, and no bytes that may not be UTF-8.
bool IsPlainText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return IsAscii(c) && c != '\n'; });
}

}  // namespace

bool WildcardPattern::Read(std::string_view regex) {
  if (regex.size() <= kMaxPattern && ReadPieces(regex)) return true;
  alternatives_.clear();
  return false;
}

bool WildcardPattern::ReadPieces(std::string_view regex) {
  alternatives_.assign(1, Alternative(1));
  std::size_t pieces_read = 1;
  while (!regex.empty()) {
    Alternative& pieces = alternatives_.back();
    const char c = regex.front();
    std::size_t taken = 1;
    if (c == '|') {
      alternatives_.emplace_back(1);
      ++pieces_read;
    } else if (c == '.') {
      if (regex.size() < 2 || (regex[1] != '*' && regex[1] != '+')) return false;
      pieces.push_back({{}, true, regex[1] == '+'});
      ++pieces_read;
      has_gaps_ = true;
      taken = 2;
    } else if (c == '\\') {
      if (regex.size() < 2 || !IsAscii(regex[1]) || IsWordChar(regex[1])) return false;
      pieces.back().literal += regex[1];
      taken = 2;
    } else {
      // Whatever repeats what stands before it has a meaning too.
      if (HasMeaning(c) || !IsAscii(c)) return false;
      pieces.back().literal += c;
    }
    if (pieces_read > kMaxPieces) return false;
    regex.remove_prefix(taken);
  }
  return true;
}

/// Each literal where it first stands: what follows then has the most room.
bool WildcardPattern::MatchesOne(const Alternative& pieces, std::string_view text) {
  const Piece& first = pieces.front();
  if (!text.starts_with(first.literal)) return false;
  text.remove_prefix(first.literal.size());
  if (pieces.size() == 1) return text.empty();
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const std::size_t skipped = piece.nonempty ? 1 : 0;
    if (text.size() < skipped + piece.literal.size()) return false;
    text.remove_prefix(skipped);
    if (i + 1 == pieces.size()) return text.ends_with(piece.literal);
    const std::size_t at = text.find(piece.literal);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.literal.size());
  }
  return true;
}

bool WildcardPattern::Matches(std::string_view text) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Alternative& pieces) { return MatchesOne(pieces, text); });
}

AnchoredRegex::AnchoredRegex(std::string pattern)
    : pattern_(std::move(pattern)), is_wildcards_(wildcards_.Read(pattern_)) {}

AnchoredRegex::~AnchoredRegex() = default;

Result<std::shared_ptr<const AnchoredRegex>> AnchoredRegex::Make(std::string pattern) {
  auto regex = std::make_shared<const AnchoredRegex>(std::move(pattern));
  if (regex->is_wildcards_) return regex;
  const re2::RE2& compiled = regex->Compiled(DotNewline::kYes);
  if (compiled.ok()) return regex;
  return Error{Errc::kInvalid,
               "bad regular expression \"" + regex->pattern_ + "\": " + compiled.error()};
}

bool AnchoredRegex::Matches(std::string_view text, DotNewline dot) const {
  if (is_wildcards_ && (!wildcards_.HasGaps() || IsPlainText(text))) {
    return wildcards_.Matches(text);
  }
  return re2::RE2::FullMatch(text, Compiled(dot));
}

const re2::RE2& AnchoredRegex::Compiled(DotNewline dot) const {
  const auto i = static_cast<std::size_t>(dot);
  std::call_once(once_[i], [&] { compiled_[i] = CompileRegex(pattern_, {.dot = dot}); });
  return *compiled_[i];
}

}  // namespace tocsin
