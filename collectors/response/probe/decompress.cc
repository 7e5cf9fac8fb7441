#include "collectors/response/probe/decompress.h"

#include <zlib.h>

#include <array>
#include <cstdint>

#include "base/shared_library.h"

namespace tocsin::probe {
namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr int kRawWindow = -15;

Error TooLarge(std::size_t max_bytes) {
  return {Errc::kLimit,
          "the decompressed body is larger than " + std::to_string(max_bytes) + " bytes"};
}

Error NotCompressed() { return {Errc::kMalformed, "the body is not compressed as expected"}; }

class Inflater {
 public:
  explicit Inflater(int window) : ok_(inflateInit2(&stream_, window) == Z_OK) {}
  ~Inflater() {
    if (ok_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool ok() const { return ok_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ok_;
};

Result<std::string> Inflate(int window, std::string_view body, std::size_t max_bytes) {
  Inflater inflater(window);
  if (!inflater.ok()) return Error{Errc::kLimit, "no memory to decompress the body"};
  z_stream& stream = inflater.stream();
  // zlib does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::array<char, 16 << 10> piece;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    const int result = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = piece.size() - stream.avail_out;
    if (out.size() + got > max_bytes) return TooLarge(max_bytes);
    out.append(piece.data(), got);
    if (result == Z_STREAM_END) {
      if (window != kGzipWindow || stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return NotCompressed();  // another member follows
    } else if (result != Z_OK) {
      return NotCompressed();
    }
  }
}

using BrotliDecompress = int (*)(std::size_t, const std::uint8_t*, std::size_t*, std::uint8_t*);

Result<BrotliDecompress> LoadBrotli() {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Load("libbrotlidec.so.1", "libbrotli1"));
  BrotliDecompress decompress = nullptr;
  if (!library.Find("BrotliDecoderDecompress", decompress)) {
    return Error{Errc::kUnsupported, "libbrotlidec.so.1 is without BrotliDecoderDecompress"};
  }
  return decompress;
}

Result<std::string> Brotli(std::string_view body, std::size_t max_bytes) {
  static const Result<BrotliDecompress> decompress = LoadBrotli();
  if (!decompress) return decompress.error();
  // One call that says only "failed" when the room is too small: try with more of it.
  for (std::size_t room = std::min(max_bytes, 8 * body.size() + 4'096);; room *= 4) {
    room = std::min(room, max_bytes);
    std::string out(room, '\0');
    std::size_t size = room;
    if ((*decompress)(body.size(), reinterpret_cast<const std::uint8_t*>(body.data()), &size,
                      reinterpret_cast<std::uint8_t*>(out.data())) == 1) {
      out.resize(size);
      return out;
    }
    if (room == max_bytes || body.empty()) return NotCompressed();
  }
}

}  // namespace

Result<std::string> Decompress(Compression compression, std::string_view body,
                               std::size_t max_bytes) {
  switch (compression) {
    case Compression::kGzip:
      return Inflate(kGzipWindow, body, max_bytes);
    case Compression::kDeflate:
      return Inflate(kRawWindow, body, max_bytes);
    case Compression::kBrotli:
      return Brotli(body, max_bytes);
    case Compression::kNone:
    case Compression::kIdentity:
      break;
  }
  return std::string(body);
}

}  // namespace tocsin::probe
