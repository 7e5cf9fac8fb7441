#pragma once
// Mail messages as RFC 5322 and MIME have them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tocsin::notify {

struct Mail {
  std::vector<std::pair<std::string, std::string>> headers;  // but those of MIME
  std::string text;                                          // either may be empty, not both
  std::string html;
  std::string boundary;  // stands nowhere in the texts
};

/// The message with CRLF lines: values of headers lose their line breaks and are encoded where they
/// are not ASCII (RFC 2047); bodies go out as quoted-printable UTF-8.
std::string MailText(const Mail& mail);

/// The address in `Name <a@b>` or `a@b`; empty if there is none that may go into SMTP.
std::string MailAddress(std::string_view text);

/// The addresses of a list separated by commas; quoted names may hold commas.
std::vector<std::string> MailAddresses(std::string_view list);

std::string QuotedPrintable(std::string_view text);
std::string EncodedHeaderValue(std::string_view text);

}  // namespace tocsin::notify
