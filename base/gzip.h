#pragma once
// Gzip (RFC 1952) by zlib, tuned for the text that this agent renders: figures in gzip.cc.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Bodies below this are sent as they are: a gzip header and a decoder cost more than they save.
inline constexpr std::size_t kGzipMinBytes = 1024;

/// Compresses a text piece by piece, in constant memory (70 KB while it lives).
class GzipWriter {
 public:
  /// Appends to `out`, which outlives the writer.
  explicit GzipWriter(std::string& out);
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  void Write(std::string_view text);
  /// Once, after the last Write.
  void Finish();

 private:
  struct Stream;
  void Run(int flush);

  std::unique_ptr<Stream> stream_;
  std::string& out_;
};

std::string Gzip(std::string_view text);

/// The text of a gzip file of one member. Errors: kMalformed; kLimit when it is longer than
/// `max_bytes`.
Result<std::string> Gunzip(std::string_view gzip, std::size_t max_bytes);

}  // namespace tocsin
