#pragma once
// Writing JSON. (Reading is simdjson's.)

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

/// Appends one JSON document to a string, commas and quotes in their places. Calls must nest
/// rightly: that is asserted. Text is made valid UTF-8 and escaped.
///
///     JsonWriter json(out);
///     json.BeginObject().Key("status").String("success").Key("data").BeginArray()…
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view text);
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  /// The shortest decimal number; NaN and infinities, which JSON lacks, become null.
  JsonWriter& Double(double value);
  /// Text that is JSON already.
  JsonWriter& Raw(std::string_view json);
  /// Where to append one value that is JSON already, before anything else is written.
  std::string& RawValue();

 private:
  void BeforeValue();

  std::string& out_;
  std::vector<bool> has_member_;  // of each open object or array
  bool after_key_ = false;
};

}  // namespace tocsin
