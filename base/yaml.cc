#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/parse.h"

namespace tocsin {
namespace {

std::string Position(std::string_view name, int line, int column) {
  return std::string(name) + ":" + std::to_string(line) + ":" + std::to_string(column);
}

/// Thrown through yaml-cpp's recursion by TreeBuilder, caught in ParseYaml.
struct Refused {
  Errc code;
  YAML::Mark mark;
  std::string what;
};

/// Builds our tree from yaml-cpp's events, so that budgets hold while parsing and an alias shares
/// its target instead of copying it.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlBudget& budget) : budget_(budget) {}

  YamlNode::Ptr TakeRoot() { return root_ ? std::move(root_) : std::make_shared<const YamlNode>(); }

  /// Where the last scalar begins, if it is a quoted one.
  const std::optional<YAML::Mark>& last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Attach(NewNode(mark, YamlNode::Kind::kNull), anchor, 1, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{Errc::kMalformed, mark, "an alias stands inside the value it refers to"};
    }
    Attach(found->second.node, 0, found->second.weight, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp tags plain scalars "?" and quoted ones "!".
    const bool quoted = tag == "!";
    last_quoted_ = quoted ? std::optional(mark) : std::nullopt;
    const bool null =
        !quoted && (value == "null" || value == "~" || value == "Null" || value == "NULL");
    auto node = NewNode(mark, null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar);
    node->scalar = value;
    node->quoted = quoted;
    Attach(std::move(node), anchor, 1, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kSequence, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kMap, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    std::size_t weight;  // nodes in it, aliases counted as their targets
    YAML::Mark mark;
    YamlNode::Ptr key;  // of a map: waiting for its value
    std::set<std::string> keys;
  };
  struct Anchored {
    YamlNode::Ptr node;
    std::size_t weight;
  };

  static std::shared_ptr<YamlNode> NewNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, YamlNode::Kind kind, YAML::anchor_t anchor) {
    if (open_.size() >= budget_.max_depth) {
      throw Refused{Errc::kLimit, mark,
                    "nested more than " + std::to_string(budget_.max_depth) + " levels deep"};
    }
    open_.push_back({NewNode(mark, kind), anchor, 1, mark, nullptr, {}});
  }

  /// What `<<` names (a map, or a list of them, of which the first counts most) stands in this map
  /// too, as far as the map does not say it itself.
  static void Merge(YamlNode& map) {
    const auto key = std::find_if(map.entries.begin(), map.entries.end(), [](const auto& entry) {
      return entry.first->scalar == "<<" && !entry.first->quoted;
    });
    if (key == map.entries.end()) return;
    const YamlNode::Ptr merged = key->second;
    map.entries.erase(key);
    std::set<std::string_view> known;
    for (const auto& entry : map.entries) known.insert(entry.first->scalar);
    const auto add = [&](const YamlNode& from) {
      if (!from.IsMap()) {
        throw Refused{Errc::kMalformed, MarkOf(from),
                      "\"<<\" takes a map or a list of maps, as in \"<<: *anchor\""};
      }
      for (const auto& entry : from.entries) {
        if (known.insert(entry.first->scalar).second) map.entries.push_back(entry);
      }
    };
    if (!merged->IsSequence()) return add(*merged);
    for (const YamlNode::Ptr& one : merged->items) add(*one);
  }

  static YAML::Mark MarkOf(const YamlNode& node) {
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    return mark;
  }

  void Close() {
    OpenNode done = std::move(open_.back());
    open_.pop_back();
    if (done.node->IsMap()) Merge(*done.node);
    Attach(std::move(done.node), done.anchor, done.weight, done.mark);
  }

  void Attach(YamlNode::Ptr node, YAML::anchor_t anchor, std::size_t weight,
              const YAML::Mark& mark) {
    const std::size_t total = weight + (open_.empty() ? 0 : open_.back().weight);
    if (total > budget_.max_nodes) {
      throw Refused{Errc::kLimit, mark,
                    "more than " + std::to_string(budget_.max_nodes) +
                        " values, counting aliases as what they stand for"};
    }
    if (anchor != 0) anchors_[anchor] = {node, weight};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    parent.weight = total;
    if (parent.node->IsSequence()) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node->IsSequence() || node->IsMap()) {
        throw Refused{Errc::kMalformed, mark,
                      "a key must be a plain word or string (a text that begins with {{ must stand "
                      "in quotes)"};
      }
      if (!parent.keys.insert(node->scalar).second) {
        throw Refused{Errc::kMalformed, mark, "the key \"" + node->scalar + "\" stands twice"};
      }
      parent.key = std::move(node);
    } else {
      parent.node->entries.emplace_back(std::move(parent.key), std::move(node));
      parent.key = nullptr;
    }
  }

  const YamlBudget& budget_;
  YamlNode::Ptr root_;
  std::optional<YAML::Mark> last_quoted_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

/// yaml-cpp takes a quoted text that ends with the file, if there is a newline before that.
bool IsClosed(std::string_view text, const YAML::Mark& mark) {
  auto at = static_cast<std::size_t>(mark.pos);
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return true;
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    const bool escape = quote == '"' ? text[at] == '\\' : text.substr(at, 2) == "''";
    if (escape) {
      ++at;
    } else if (text[at] == quote) {
      return true;
    }
  }
  return false;
}

/// What is wrong in a person's words: yaml-cpp says what its parser was looking for.
std::string Explained(std::string_view text, const YAML::Mark& mark, const std::string& said) {
  std::string_view line;
  for (int i = 0; i <= mark.line; ++i) line = TakeLine(text);
  const auto indentation = line.substr(0, line.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos) {
    return "a tab in the indentation: YAML takes spaces only";
  }
  constexpr std::pair<std::string_view, std::string_view> kMeant[] = {
      {"illegal map value",
       "a key cannot stand here: the line is indented otherwise than its neighbours, the line "
       "before "
       "lacks a blank after its \":\", or a text with \": \" in it lacks its quotes"},
      {"end of map not found",
       "this is not part of the map before it: it is indented otherwise than that map's keys, or a "
       "text that begins with a quote, { or [ must stand in quotes as a whole"},
      {"end of sequence not found",
       "this is not part of the list before it: it is indented otherwise than that list's items "
       "and "
       "their keys"},
      {"end of sequence flow not found",
       "a \"[\" before this is not closed, or a \",\" is missing"},
      {"end of map flow not found", "a \"{\" before this is not closed, or a \",\" is missing"},
      {"illegal flow end",
       "nothing was opened that this closes: a text that begins with ] or } must "
       "stand in quotes"},
      {"illegal block entry",
       "a list's item (\"- \") cannot stand here: is it indented as its neighbours are?"},
      {"unknown token", "a text that begins with this character must stand in quotes"},
      {"illegal EOF in scalar", "a quote before this is not closed"},
      {"unexpected character in block scalar", "a text after | or > begins on the next line"},
      {"the referenced anchor is not defined",
       "no anchor has this name: a text that begins with * must stand in quotes"},
      {"alias not found after *", "a text that begins with * must stand in quotes"},
      {"anchor not found after &", "a text that begins with & must stand in quotes"},
      {"unknown escape character: ",
       "\"\\\" begins an escape in double quotes, and this is none: in "
       "single quotes it stands for itself"},
  };
  for (const auto& [begins, meant] : kMeant) {
    if (said.starts_with(begins)) return std::string(meant);
  }
  return said;
}

std::string Described(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  return "\"" + node.scalar.substr(0, 60) + (node.scalar.size() > 60 ? "…\"" : "\"");
}

Error Expected(const YamlFile& file, const YamlNode& node, std::string_view what) {
  return file.At(node, "expected " + std::string(what) + ", found " + Described(node));
}

/// A scalar read by one of base/parse.h's functions, whose error gets the position.
template <class T>
Result<T> Parsed(const YamlFile& file, const YamlNode& node, std::string_view what,
                 Result<T> (*parse)(std::string_view)) {
  if (!node.IsScalar()) return Expected(file, node, what);
  auto value = parse(node.scalar);
  if (!value) return file.At(node, value.error().message());
  return value;
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [k, v] : entries) {
    if (k->scalar == key) return v.get();
  }
  return nullptr;
}

Error YamlFile::At(const YamlNode& node, std::string_view what) const {
  return {Errc::kInvalid, Position(name, node.line, node.column) + ": " + std::string(what)};
}

Status YamlFile::Keep(Status status) const {
  if (status || !errors) return status;
  errors->Note(std::move(status).error());
  return Unit{};
}

void YamlFile::Spoil(const YamlNode& node) const {
  if (errors) errors->places.push_back(Position(name, node.line, node.column));
}

Result<YamlFile> ParseYaml(std::string_view text, std::string name, const YamlBudget& budget) {
  if (text.size() > budget.max_bytes) {
    return Error{Errc::kLimit,
                 name + ":1:1: larger than " + std::to_string(budget.max_bytes) + " bytes"};
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder(budget);
    parser.HandleNextDocument(builder);
    if (const auto& mark = builder.last_quoted(); mark && !IsClosed(text, *mark)) {
      return Error{Errc::kMalformed, Position(name, mark->line + 1, mark->column + 1) +
                                         ": not YAML: this quote is not closed"};
    }
    return YamlFile{std::move(name), builder.TakeRoot()};
  } catch (const Refused& refused) {
    return Error{refused.code, Position(name, refused.mark.line + 1, refused.mark.column + 1) +
                                   ": " + refused.what};
  } catch (const YAML::Exception& e) {
    return Error{Errc::kMalformed, Position(name, e.mark.line + 1, e.mark.column + 1) +
                                       ": not YAML: " + Explained(text, e.mark, e.msg)};
  } catch (const std::exception& e) {
    return Error{Errc::kMalformed, name + ":1:1: not YAML: " + e.what()};
  }
}

Result<YamlFile> ReadYamlFile(const std::string& path, const YamlBudget& budget) {
  TRY_ASSIGN(const std::string text, ReadWholeFile(path, budget.max_bytes));
  return ParseYaml(text, path, budget);
}

Result<YamlFile> ReadYamlFileOf(const YamlFile& parent, const std::string& path) {
  TRY_ASSIGN(YamlFile file, ReadYamlFile(path));
  file.errors = parent.errors;
  return file;
}

Result<std::string> YamlString(const YamlFile& file, const YamlNode& node) {
  if (!node.IsScalar()) return Expected(file, node, "a string");
  return node.scalar;
}

Result<bool> YamlBool(const YamlFile& file, const YamlNode& node) {
  if (node.IsScalar() && !node.quoted) {
    if (node.scalar == "true") return true;
    if (node.scalar == "false") return false;
  }
  return Expected(file, node, "true or false");
}

Result<double> YamlDouble(const YamlFile& file, const YamlNode& node) {
  if (node.IsScalar()) {
    if (const auto value = ParseDouble(node.scalar)) return *value;
  }
  return Expected(file, node, "a number");
}

Result<std::int64_t> YamlInt(const YamlFile& file, const YamlNode& node) {
  if (node.IsScalar()) {
    if (const auto value = ParseInt<std::int64_t>(node.scalar)) return *value;
  }
  return Expected(file, node, "a whole number");
}

Result<std::chrono::milliseconds> YamlDuration(const YamlFile& file, const YamlNode& node) {
  return Parsed(file, node, "a duration such as \"30s\"", &ParseDuration);
}

Result<std::uint64_t> YamlBytes(const YamlFile& file, const YamlNode& node) {
  return Parsed(file, node, "a size such as \"16MB\"", &ParseBytes);
}

Result<std::vector<std::string>> YamlStrings(const YamlFile& file, const YamlNode& node) {
  if (!node.IsSequence()) return Expected(file, node, "a list of strings");
  std::vector<std::string> strings;
  strings.reserve(node.items.size());
  for (const YamlNode::Ptr& item : node.items) {
    TRY_ASSIGN(std::string text, YamlString(file, *item));
    strings.push_back(std::move(text));
  }
  return strings;
}

const YamlNode* YamlFields::Find(std::string_view key) {
  known_.emplace_back(key);
  const YamlNode* value = node_.Find(key);
  return value && !value->IsNull() ? value : nullptr;
}

Result<const YamlNode*> YamlFields::Require(std::string_view key) {
  if (const YamlNode* value = Find(key)) return value;
  return Missing(key, what_ + " needs \"" + std::string(key) + "\"");
}

Error YamlFields::Missing(std::string_view key, std::string what) {
  std::vector<std::string_view> others;
  for (const auto& [other, value] : node_.entries) {
    if (std::find(known_.begin(), known_.end(), other->scalar) == known_.end()) {
      others.push_back(other->scalar);
    }
  }
  const auto nearest = NearestWord(key, others);
  if (!nearest) return file_.At(node_, what);
  known_.emplace_back(*nearest);
  const auto meant = std::find_if(node_.entries.begin(), node_.entries.end(),
                                  [&](const auto& e) { return e.first->scalar == *nearest; });
  // A map is where its first key is: the error that is returned here must not be lost on that.
  if (meant != node_.entries.begin()) file_.Spoil(node_);
  return file_.At(*meant->first, what + (what.ends_with(':') ? " is it" : ": is it") +
                                     " meant by \"" + meant->first->scalar + "\"?");
}

Result<std::size_t> YamlFields::ReadCount(std::string_view key, std::int64_t fallback,
                                          Bounds bounds) {
  TRY_ASSIGN(const std::int64_t count, Read(key, YamlInt, fallback));
  if (count >= bounds.least && count <= bounds.most) return static_cast<std::size_t>(count);
  return file_.At(*Find(key), "expected " + std::string(key) + " from " +
                                  std::to_string(bounds.least) + " to " +
                                  std::to_string(bounds.most));
}

void YamlFields::Note(Error error) const {
  file_.errors->Note(std::move(error));
  file_.Spoil(node_);
}

Error YamlFields::Unknown(const YamlNode& key) const {
  std::string what = "unknown key \"" + key.scalar + "\" in " + what_;
  if (const auto nearest = NearestWord(key.scalar, known_)) {
    what.append(": did you mean \"").append(*nearest).append("\"?");
  } else {
    what += ": expected one of";
    std::string_view separator = " ";
    for (const std::string& k : known_) {
      what.append(separator).append(k);
      separator = ", ";
    }
  }
  return file_.At(key, what);
}

Status YamlFields::Finish() const {
  if (node_.IsNull()) return Unit{};
  if (!node_.IsMap()) return Expected(file_, node_, what_ + " to be a map");
  for (const auto& entry : node_.entries) {
    const YamlNode& key = *entry.first;
    if (std::find(known_.begin(), known_.end(), key.scalar) != known_.end()) continue;
    if (!file_.errors) return Unknown(key);
    Note(Unknown(key));
  }
  return Unit{};
}

}  // namespace tocsin
