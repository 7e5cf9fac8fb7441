#include "agent/api/envelope.h"

#include "base/json.h"

namespace tocsin::api {
namespace {

struct ErrorKind {
  std::string_view name;
  int status;
};

ErrorKind KindOf(ErrorType type) {
  switch (type) {
    case ErrorType::kBadData:
      return {"bad_data", 400};
    case ErrorType::kExecution:
      return {"execution", 422};
    case ErrorType::kTimeout:
      return {"timeout", 503};
    case ErrorType::kCanceled:
      return {"canceled", 499};
    case ErrorType::kNotFound:
      return {"not_found", 404};
    case ErrorType::kInternal:
      return {"internal", 500};
  }
  return {"internal", 500};
}

ErrorType TypeOf(Errc code) {
  switch (code) {
    case Errc::kInvalid:
    case Errc::kMalformed:
      return ErrorType::kBadData;
    case Errc::kLimit:
    case Errc::kUnsupported:
      return ErrorType::kExecution;
    case Errc::kTimeout:
      return ErrorType::kTimeout;
    case Errc::kCancelled:
      return ErrorType::kCanceled;
    case Errc::kNotFound:
      return ErrorType::kNotFound;
    case Errc::kIo:
      return ErrorType::kInternal;
  }
  return ErrorType::kInternal;
}

}  // namespace

http::Response Success(std::string_view data, std::span<const std::string> warnings,
                       std::span<const std::string> infos) {
  return SuccessOf([&](JsonWriter& json) { json.Raw(data); }, warnings, infos);
}

http::Response SuccessOf(FunctionRef<void(JsonWriter&)> write_data,
                         std::span<const std::string> warnings,
                         std::span<const std::string> infos) {
  http::Response response;
  response.content_type = "application/json";
  JsonWriter json(response.body);
  json.BeginObject().Key("status").String("success").Key("data");
  write_data(json);
  const auto write = [&](std::string_view key, std::span<const std::string> remarks) {
    if (remarks.empty()) return;
    json.Key(key).BeginArray();
    for (const std::string& remark : remarks) json.String(remark);
    json.EndArray();
  };
  write("warnings", warnings);
  write("infos", infos);
  json.EndObject();
  return response;
}

http::Response Failure(ErrorType type, std::string_view message) {
  const ErrorKind kind = KindOf(type);
  http::Response response;
  response.status = kind.status;
  response.content_type = "application/json";
  JsonWriter json(response.body);
  json.BeginObject().Key("status").String("error");
  json.Key("errorType").String(kind.name).Key("error").String(message).EndObject();
  return response;
}

http::Response Failure(const Error& error) {
  return Failure(TypeOf(error.code()), error.message());
}

http::Response InvalidParameter(std::string_view name, const Error& error) {
  return Failure(ErrorType::kBadData,
                 "invalid parameter \"" + std::string(name) + "\": " + error.message());
}

}  // namespace tocsin::api
