#pragma once
// The layouts that nginx's log_format and Apache's LogFormat describe.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/response/access_fields.h"
#include "collectors/response/access_record.h"

namespace tocsin {

/// A layout: text that stands in every line, and values between it.
struct LineFormat {
  struct Value {
    AccessField field;
    std::string after;  // the text that ends it; empty only at the end of the line
    bool quoted;        // stands in double quotes: \" in it does not end it
    bool list;          // may have ", " and " : " in it (nginx, several upstreams)
  };
  std::string before;  // the first value
  std::vector<Value> values;
};

/// Reads a format string: nginx's if it has a '$' (`$remote_addr "$request" $status`), Apache's if
/// it has a '%' (`%h "%r" %>s %D`), or one of the names combined, common, vhost_combined. Of fields
/// that say the same the first counts, of times the request's over the upstream's. Errors:
/// kInvalid: no such name, no status in it, two values with nothing between them.
Result<LineFormat> ParseLineFormat(std::string_view text);

/// Reads lines of that layout, all of the line.
std::unique_ptr<AccessLineParser> MakeFormatParser(LineFormat format);

}  // namespace tocsin
