#pragma once
// YAML from files that people write. yaml-cpp parses; this wrapper keeps every position, turns
// its exceptions into errors, and bounds what a hostile or broken file can cost: size, depth, and
// nodes counted through aliases (an alias bomb is refused, a cyclic alias too).
// Parse on a thread with a full stack (8 MB): yaml-cpp recurses.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml_errors.h"

namespace tocsin {

struct YamlBudget {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 200'000;  // aliases count as what they stand for
};

/// One node; children are shared where aliases stand for them. Immutable after parsing.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  using Ptr = std::shared_ptr<const YamlNode>;

  Kind kind = Kind::kNull;
  std::string scalar;                        // kScalar: the text, unquoted and unescaped
  bool quoted = false;                       // kScalar: "5" is a string, 5 is not
  std::vector<Ptr> items;                    // kSequence
  std::vector<std::pair<Ptr, Ptr>> entries;  // kMap, in the file's order; keys are scalars
  int line = 0;                              // from 1
  int column = 0;                            // from 1

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsSequence() const { return kind == Kind::kSequence; }
  bool IsMap() const { return kind == Kind::kMap; }
  /// The value under `key` of a map, or null.
  const YamlNode* Find(std::string_view key) const;
};

/// A parsed file. `name` is what errors call it.
struct YamlFile {
  std::string name;
  YamlNode::Ptr root;  // never null; kNull for an empty file
  /// Where a reader notes errors to go on with the next value; null: the first one ends it. While
  /// reading only: what is read with errors in it must not be used.
  std::shared_ptr<YamlErrors> errors = nullptr;

  /// kInvalid: "name:line:column: what".
  Error At(const YamlNode& node, std::string_view what) const;

  /// For one value of several: notes what is wrong with it, so that the next one is read. Without
  /// `errors` it is `status` itself.
  Status Keep(Status status) const;

  /// What depends on `node` as a whole is spoilt by an error that was noted in it.
  void Spoil(const YamlNode& node) const;
};

/// Calls `read(const YamlNode&) -> Status` with each item of a list, and keeps (YamlFile::Keep)
/// the errors.
template <class ReadItem>
Status ReadItems(const YamlFile& file, const YamlNode& list, ReadItem read) {
  for (const YamlNode::Ptr& item : list.items) TRY(file.Keep(read(*item)));
  return Unit{};
}

/// The first document of `text`. Errors: kMalformed or kLimit, as "name:line:column: what".
/// Duplicate keys in a map are refused; `<<: *anchor` merges the anchor's keys into a map.
Result<YamlFile> ParseYaml(std::string_view text, std::string name, const YamlBudget& budget = {});

/// ParseYaml of a file's contents. Errors besides: kIo.
Result<YamlFile> ReadYamlFile(const std::string& path, const YamlBudget& budget = {});

/// A file that `parent` names: its errors are noted where those of `parent` are.
Result<YamlFile> ReadYamlFileOf(const YamlFile& parent, const std::string& path);

/// Typed reading of scalars. Errors: kInvalid with position, naming what was expected.
Result<std::string> YamlString(const YamlFile& file, const YamlNode& node);
Result<bool> YamlBool(const YamlFile& file, const YamlNode& node);
Result<double> YamlDouble(const YamlFile& file, const YamlNode& node);
Result<std::int64_t> YamlInt(const YamlFile& file, const YamlNode& node);
Result<std::chrono::milliseconds> YamlDuration(const YamlFile& file, const YamlNode& node);
Result<std::uint64_t> YamlBytes(const YamlFile& file, const YamlNode& node);
Result<std::vector<std::string>> YamlStrings(const YamlFile& file, const YamlNode& node);

/// Reads the keys of one map and finds the keys that nobody asked for.
///
///     YamlFields fields(file, node, "global");
///     TRY_ASSIGN(config.interval, fields.Read("interval", YamlDuration, default_interval));
///     TRY(fields.Finish());   // unknown keys, with the nearest known one
class YamlFields {
 public:
  /// `what` names the map in errors ("receiver"). A null node is an empty map.
  YamlFields(const YamlFile& file, const YamlNode& node, std::string_view what)
      : file_(file), node_(node), what_(what) {}

  const YamlFile& file() const { return file_; }
  const YamlNode& node() const { return node_; }

  /// The value under `key`, or null when it is absent or null; `key` counts as known from now on.
  const YamlNode* Find(std::string_view key);

  /// The value under `key`, or an error that says it is missing.
  Result<const YamlNode*> Require(std::string_view key);

  /// The error that says that `key` is missing, in words of its own (`what`: "alert \"A\" needs
  /// expr:"). It asks whether an unknown key that is spelt alike was meant; Finish() does not then
  /// complain of that key again.
  Error Missing(std::string_view key, std::string what);

  /// The value under `key` read by one of the functions above, or `fallback` when it is absent, or
  /// when it is wrong and the file keeps errors.
  template <class T, class Fallback>
  Result<T> Read(std::string_view key, Result<T> (*read)(const YamlFile&, const YamlNode&),
                 Fallback fallback) {
    const YamlNode* value = Find(key);
    if (value) {
      Result<T> result = read(file_, *value);
      if (result || !file_.errors) return result;
      Note(std::move(result).error());
    }
    return T(std::move(fallback));
  }

  /// The same for a key that must be there.
  template <class T>
  Result<T> ReadRequired(std::string_view key,
                         Result<T> (*read)(const YamlFile&, const YamlNode&)) {
    TRY_ASSIGN(const YamlNode* value, Require(key));
    return read(file_, *value);
  }

  struct Bounds {
    std::int64_t least;  // 0 or more
    std::int64_t most;
  };
  /// A whole number within bounds: "expected max_rows from 1 to 10000".
  Result<std::size_t> ReadCount(std::string_view key, std::int64_t fallback, Bounds bounds);

  /// Errors if the node is not a map, or holds keys that were never asked for.
  Status Finish() const;

 private:
  void Note(Error error) const;
  Error Unknown(const YamlNode& key) const;

  const YamlFile& file_;
  const YamlNode& node_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace tocsin
