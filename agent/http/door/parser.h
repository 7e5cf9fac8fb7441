#pragma once
// HTTP/1.1 requests as bytes arrive, read strictly (RFC 9112): lines end in CRLF and only there,
// headers are not folded. What a whole header means is CheckRequest's to judge. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/http/request_check.h"

namespace tocsin::http {

/// Finds the end of a request's header. Each byte is looked at once, however few arrive at a time,
/// and what is wrong is known as soon as its line is complete.
class HeaderScanner {
 public:
  enum class State { kIncomplete, kComplete, kRefused };

  /// `bytes`: all since the request began; they only grow from call to call, until Reset().
  State Scan(std::string_view bytes, const ServerLimits& limits);

  /// kComplete: the size of the header, with its empty line.
  std::size_t header_bytes() const { return position_; }
  /// kRefused: why.
  Response Refusal() const;

  void Reset() { *this = {}; }

 private:
  State Refuse(std::uint16_t status, const char* why);

  std::uint32_t position_ = 0;    // where the first unfinished line begins
  std::uint32_t searched_ = 0;    // up to here there is no further line end
  std::uint16_t lines_ = 0;       // finished ones
  std::uint16_t refusal_ = 0;     // status
  const char* reason_ = nullptr;  // a literal
};

/// Fills method, path, query and headers of `request` with views into the complete header of
/// `size` bytes at `bytes`, where header names become lower-case. An answer to refuse it with, if
/// its lines are not what they should be; `version` is set otherwise.
std::optional<Response> ReadHeader(char* bytes, std::size_t size, Request& request,
                                   HttpVersion& version);

}  // namespace tocsin::http
