#pragma once
// The shape of every answer under /api/v1, as Prometheus documents it:
// https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview

#include <span>
#include <string>
#include <string_view>

#include "agent/http/router.h"
#include "base/function_ref.h"
#include "base/result.h"

namespace tocsin {
class JsonWriter;
}

namespace tocsin::api {

/// Why a request failed, as `errorType` says it, each with its HTTP status.
enum class ErrorType { kBadData, kExecution, kTimeout, kCanceled, kNotFound, kInternal };

/// {"status":"success","data":<data>}, with `warnings` and `infos` when there are any.
/// `data` is JSON.
http::Response Success(std::string_view data, std::span<const std::string> warnings = {},
                       std::span<const std::string> infos = {});

/// The same, of data that `write` writes as one value.
http::Response SuccessOf(FunctionRef<void(JsonWriter&)> write,
                         std::span<const std::string> warnings = {},
                         std::span<const std::string> infos = {});

/// {"status":"error","errorType":…,"error":…} with the status that Prometheus gives it.
http::Response Failure(ErrorType type, std::string_view message);

/// The same for an error of ours that a request caused.
http::Response Failure(const Error& error);

/// Failure(kBadData) as Prometheus words it: invalid parameter "name": what.
http::Response InvalidParameter(std::string_view name, const Error& error);

}  // namespace tocsin::api
