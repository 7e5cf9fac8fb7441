// A connection's bytes: requests one after the other, each found and read as the door does it. What
// comes of them must not depend on how the bytes were cut.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/http/door/parser.h"

namespace {

using namespace tocsin::http;

struct Found {
  HeaderScanner::State state;
  std::size_t size;
};

Found Scan(std::string_view bytes, std::size_t step, const ServerLimits& limits) {
  HeaderScanner scanner;
  for (std::size_t size = std::min(step, bytes.size());;
       size = std::min(size + step, bytes.size())) {
    const auto state = scanner.Scan(bytes.substr(0, size), limits);
    if (state == HeaderScanner::State::kRefused) {
      if (scanner.Refusal().status < 400) std::abort();
      return {state, 0};
    }
    if (state == HeaderScanner::State::kComplete) return {state, scanner.header_bytes()};
    if (size == bytes.size()) return {state, 0};
  }
}

bool IsWithin(std::string_view part, const std::string& whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ServerLimits limits;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  while (!bytes.empty()) {
    const Found whole = Scan(bytes, bytes.size(), limits);
    const Found pieces = Scan(bytes, 1, limits);
    if (whole.state != pieces.state || whole.size != pieces.size) std::abort();
    if (whole.state != HeaderScanner::State::kComplete) return 0;
    if (whole.size > limits.header_bytes) std::abort();
    Request request;
    HttpVersion version{};
    if (ReadHeader(bytes.data(), whole.size, request, version)) return 0;
    if (request.headers.size() > limits.header_count) std::abort();
    for (const auto& [name, value] : request.headers) {
      if (!IsWithin(name, bytes) || !IsWithin(value, bytes)) std::abort();
    }
    const CheckedRequest checked = CheckRequest(request, version, limits);
    if (checked.refusal) return 0;
    if (request.path.find_first_of(std::string_view("\0\r\n ", 4)) != std::string_view::npos) {
      std::abort();
    }
    bytes.erase(0, whole.size + checked.body_bytes);
  }
  return 0;
}
