#pragma once
// Redis's protocol: hiredis's reader under our own budgets, and commands as arrays of strings.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::net {

struct Reply {
  enum class Kind { kNil, kStatus, kError, kString, kInteger, kArray };

  Kind kind = Kind::kNil;
  std::string text;  // of kStatus, kError and kString
  long long integer = 0;
  std::vector<Reply> elements;

  bool IsError() const { return kind == Kind::kError; }
  bool IsArray() const { return kind == Kind::kArray; }
  bool IsString() const { return kind == Kind::kString || kind == Kind::kStatus; }
  bool IsInteger() const { return kind == Kind::kInteger; }
};

struct RespLimits {
  std::size_t max_bytes = 4 << 20;     // of a reply that is not whole yet
  std::size_t max_elements = 100'000;  // of one reply, those within others included
};

/// Single-threaded.
class RespReader {
 public:
  explicit RespReader(RespLimits limits = {});
  ~RespReader();
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;

  void Feed(std::string_view bytes);
  /// The next whole reply, or nothing yet. Errors: kMalformed, kLimit; the reader is of no use
  /// then.
  Result<std::optional<Reply>> Next();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Appends a command as Redis reads it.
void AppendCommand(std::span<const std::string_view> words, std::string& out);

}  // namespace tocsin::net
