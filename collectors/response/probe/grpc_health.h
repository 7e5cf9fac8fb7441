#pragma once
// The messages of grpc.health.v1.Health/Check, as gRPC puts them on the wire: a byte that says
// "not compressed", the length in four bytes, the protobuf message.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::probe {

std::string BuildHealthRequest(std::string_view service);

/// "UNKNOWN", "SERVING", "NOT_SERVING" or "SERVICE_UNKNOWN" of a response; nothing if it is none.
std::optional<std::string_view> ParseHealthResponse(std::string_view body);

/// The status that stands for an answer without one, by its HTTP status: gRPC's
/// http-grpc-status-mapping.
int GrpcStatusOfHttp(int http_status);
/// The number in the header grpc-status, -1 if it is none.
int ParseGrpcStatus(std::string_view text);
/// The name of a gRPC status: "OK", "UNAVAILABLE" …
std::string_view GrpcStatusName(int status);

}  // namespace tocsin::probe
