#include "collectors/response/probe/grpc_health.h"

#include <array>
#include <cstdint>

#include "base/parse.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kFrameHeader = 5;

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> TakeVarint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

/// Skips the value of a field that is not ours. False: malformed.
bool SkipField(unsigned wire_type, std::string_view& in) {
  std::uint64_t size = 0;
  switch (wire_type) {
    case 0:
      return TakeVarint(in).has_value();
    case 1:
      size = 8;
      break;
    case 2: {
      const auto length = TakeVarint(in);
      if (!length) return false;
      size = *length;
      break;
    }
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > in.size()) return false;
  in.remove_prefix(size);
  return true;
}

}  // namespace

std::string BuildHealthRequest(std::string_view service) {
  constexpr char kServiceField = 1 << 3 | 2;
  std::string message;
  if (!service.empty()) {
    message += kServiceField;
    AppendVarint(service.size(), message);
    message += service;
  }
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(message.size() >> shift & 0xff);
  }
  return frame + message;
}

std::optional<std::string_view> ParseHealthResponse(std::string_view body) {
  constexpr std::array<std::string_view, 4> kStatuses{"UNKNOWN", "SERVING", "NOT_SERVING",
                                                      "SERVICE_UNKNOWN"};
  constexpr std::uint64_t kStatusField = 1 << 3 | 0;
  if (body.size() < kFrameHeader || body[0] != 0) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeader; ++i) {
    size = size << 8 | static_cast<unsigned char>(body[i]);
  }
  if (body.size() - kFrameHeader < size) return std::nullopt;
  std::string_view message = body.substr(kFrameHeader, size);
  std::uint64_t status = 0;  // protobuf leaves out what is zero
  while (!message.empty()) {
    const auto key = TakeVarint(message);
    if (!key) return std::nullopt;
    if (*key == kStatusField) {
      const auto value = TakeVarint(message);
      if (!value) return std::nullopt;
      status = *value;
    } else if (!SkipField(static_cast<unsigned>(*key & 7), message)) {
      return std::nullopt;
    }
  }
  return status < kStatuses.size() ? std::optional(kStatuses[status]) : std::nullopt;
}

int GrpcStatusOfHttp(int http_status) {
  constexpr int kUnknown = 2, kPermissionDenied = 7, kUnimplemented = 12, kInternal = 13,
                kUnavailable = 14, kUnauthenticated = 16;
  switch (http_status) {
    case 400:
      return kInternal;
    case 401:
      return kUnauthenticated;
    case 403:
      return kPermissionDenied;
    case 404:
      return kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return kUnavailable;
    default:
      return kUnknown;
  }
}

int ParseGrpcStatus(std::string_view text) { return ParseInt<int>(text).value_or(-1); }

std::string_view GrpcStatusName(int status) {
  constexpr std::array<std::string_view, 17> kNames{"OK",
                                                    "CANCELLED",
                                                    "UNKNOWN",
                                                    "INVALID_ARGUMENT",
                                                    "DEADLINE_EXCEEDED",
                                                    "NOT_FOUND",
                                                    "ALREADY_EXISTS",
                                                    "PERMISSION_DENIED",
                                                    "RESOURCE_EXHAUSTED",
                                                    "FAILED_PRECONDITION",
                                                    "ABORTED",
                                                    "OUT_OF_RANGE",
                                                    "UNIMPLEMENTED",
                                                    "INTERNAL",
                                                    "UNAVAILABLE",
                                                    "DATA_LOSS",
                                                    "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(status);
  return status >= 0 && index < kNames.size() ? kNames[index] : "an unknown status";
}

}  // namespace tocsin::probe
