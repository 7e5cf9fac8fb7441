#include "base/gzip.h"

#include <zlib.h>

#include <array>
#include <new>

namespace tocsin {
namespace {

// A node_exporter page of 57,627 bytes (zlib 1.2.13, CPU time), and what the state takes:
//   level 1, window 13, memory 6   10,911 bytes   0.32 ms    64 KB
//   level 4, window 13, memory 6    9,856 bytes   0.47 ms    64 KB
//   level 6, window 15, memory 8    9,464 bytes   0.85 ms   256 KB   (zlib's defaults)
constexpr int kGzipLevel = 4;
constexpr int kWindowBits = 13;
constexpr int kMemLevel = 6;
constexpr int kGzipFormat = 16;  // added to the window bits, as zlib.h says
constexpr std::size_t kPiece = 4096;

Bytef* Bytes(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

}  // namespace

struct GzipWriter::Stream {
  z_stream z{};
  std::array<char, kPiece> piece;
};

GzipWriter::GzipWriter(std::string& out) : stream_(std::make_unique<Stream>()), out_(out) {
  // The parameters are constants that zlib knows: only memory can fail.
  if (deflateInit2(&stream_->z, kGzipLevel, Z_DEFLATED, kWindowBits + kGzipFormat, kMemLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

GzipWriter::~GzipWriter() { deflateEnd(&stream_->z); }

void GzipWriter::Run(int flush) {
  z_stream& z = stream_->z;
  do {
    z.next_out = Bytes(stream_->piece.data());
    z.avail_out = static_cast<uInt>(kPiece);
    deflate(&z, flush);
    out_.append(stream_->piece.data(), kPiece - z.avail_out);
  } while (z.avail_out == 0);
}

void GzipWriter::Write(std::string_view text) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // zlib counts in 32 bits
  while (!text.empty()) {
    const std::string_view part = text.substr(0, kMost);
    stream_->z.next_in = Bytes(part.data());
    stream_->z.avail_in = static_cast<uInt>(part.size());
    Run(Z_NO_FLUSH);
    text.remove_prefix(part.size());
  }
}

void GzipWriter::Finish() {
  stream_->z.avail_in = 0;
  Run(Z_FINISH);
}

std::string Gzip(std::string_view text) {
  std::string out;
  GzipWriter writer(out);
  writer.Write(text);
  writer.Finish();
  return out;
}

Result<std::string> Gunzip(std::string_view gzip, std::size_t max_bytes) {
  z_stream z{};
  if (inflateInit2(&z, MAX_WBITS + kGzipFormat) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  z.next_in = Bytes(gzip.data());
  z.avail_in = static_cast<uInt>(gzip.size());
  std::string out;
  std::array<char, kPiece> piece;
  for (;;) {
    z.next_out = Bytes(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    const int code = inflate(&z, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - z.avail_out);
    if (out.size() > max_bytes) {
      return Error{Errc::kLimit,
                   "gzip: the text is longer than " + std::to_string(max_bytes) + " bytes"};
    }
    if (code == Z_STREAM_END && z.avail_in == 0) return out;
    if (code == Z_STREAM_END) return Error{Errc::kMalformed, "gzip: bytes after the end"};
    if (code != Z_OK) return Error{Errc::kMalformed, "gzip: the data is damaged or cut short"};
  }
}

}  // namespace tocsin
