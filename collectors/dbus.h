#pragma once
// As much of D-Bus as it takes to ask a service for properties: method calls with string arguments,
// and a reader for what comes back.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

struct DbusCall {
  std::string_view destination;  // "org.freedesktop.systemd1"
  std::string_view path;
  std::string_view interface;
  std::string_view member;
  std::span<const std::string_view> arguments;  // all strings
};

/// A connection to one bus, opened at the first call and kept. One thread at a time.
class DbusConnection {
 public:
  virtual ~DbusConnection() = default;
  /// The body of the answer, valid until the next call. Waits two seconds at most, takes 16 MB at
  /// most. Errors: kUnsupported if there is no such bus here or it does not let us in, kNotFound if
  /// the object or property does not exist, kTimeout, kLimit, kIo with the service's own words.
  virtual Result<std::string_view> Call(const DbusCall& call) = 0;
};

/// A bus at the first of these unix sockets that answers. One whose path ends with "/private" is a
/// service's own door: it is not asked for a name.
std::unique_ptr<DbusConnection> MakeDbusConnection(std::vector<std::string> sockets);

/// Reads the body of an answer (little-endian, as this connection asks for). Every function returns
/// nothing once the body has ended or is not what was asked for.
class DbusReader {
 public:
  explicit DbusReader(std::string_view body) : body_(body) {}

  bool AtEnd() const { return at_ >= end(); }
  std::optional<std::uint32_t> Uint32();
  std::optional<std::uint64_t> Uint64();
  /// A string or an object path.
  std::optional<std::string_view> String();
  /// Enters a variant whose value has this type ("s", "u", "t"); read that next.
  bool EnterVariant(std::string_view type);
  /// Takes a whole variant of a string, a path, a signature or a uint32.
  bool SkipVariant();
  /// A byte, which needs no alignment.
  std::optional<std::uint8_t> StructByte();
  /// Enters an array of structures: reads end where it ends.
  bool EnterArrayOfStructs();
  /// To the start of the next structure.
  bool NextStruct() { return Align(8) && !AtEnd(); }

 private:
  std::size_t end() const { return array_end_.value_or(body_.size()); }
  bool Align(std::size_t to);
  std::optional<std::string_view> Signature();
  std::optional<std::string_view> Take(std::size_t size);

  std::string_view body_;
  std::size_t at_ = 0;
  std::optional<std::size_t> array_end_;
};

}  // namespace tocsin
