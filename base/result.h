#pragma once
// Errors as values. Functions that can fail because of the world return Result<T> or Status;
// exceptions of third-party libraries are caught at their wrapper. Our own bugs are asserted.

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tocsin {

enum class Errc {
  kUnsupported,  // this kernel or host lacks the source: absent, not a failure
  kIo,           // the source exists and could not be read, written or reached
  kMalformed,    // it was read and is not what its format says
  kInvalid,      // a value given by a person (configuration, flag, query) is wrong
  kNotFound,
  kLimit,    // a stated budget would be exceeded
  kTimeout,  // a deadline passed
  kCancelled,
};

/// What went wrong, said once per layer: "textfile: /x/y.prom:3: bad value".
class Error {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  Errc code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same error with the caller's context in front of it.
  [[nodiscard]] Error Under(std::string_view context) && {
    message_.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }

 private:
  Errc code_;
  std::string message_;
};

/// A T or an Error. Reading the wrong one is our bug and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : value_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return get(); }
  const T& operator*() const& { return get(); }
  T&& operator*() && { return std::move(get()); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &get(); }

  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&value_);
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&value_));
  }

 private:
  T& get() {
    assert(ok());
    return *std::get_if<0>(&value_);
  }
  const T& get() const {
    assert(ok());
    return *std::get_if<0>(&value_);
  }
  std::variant<T, Error> value_;
};

struct Unit {};
/// Success, or an Error.
using Status = Result<Unit>;

}  // namespace tocsin

#define TOCSIN_CONCAT_(a, b) a##b
#define TOCSIN_CONCAT(a, b) TOCSIN_CONCAT_(a, b)

/// TRY(expr): returns the error of a Status or Result from the enclosing function. May stand in a
/// lambda within another TRY.
#define TRY(expr) TRY_(TOCSIN_CONCAT(try_result_, __COUNTER__), expr)
#define TRY_(result, expr)                                                    \
  do {                                                                        \
    if (auto result = (expr); !result.ok()) return std::move(result).error(); \
  } while (false)

/// TRY_ASSIGN(auto x, expr): the value of a Result, or returns its error.
#define TRY_ASSIGN(decl, expr) TRY_ASSIGN_(TOCSIN_CONCAT(try_result_, __COUNTER__), decl, expr)
#define TRY_ASSIGN_(result, decl, expr)               \
  auto result = (expr);                               \
  if (!result.ok()) return std::move(result).error(); \
  decl = *std::move(result)
