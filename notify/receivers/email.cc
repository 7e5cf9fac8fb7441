#include <algorithm>
#include <cctype>

#include "base/parse.h"
#include "base/time_text.h"
#include "notify/mail.h"
#include "notify/receivers/receivers.h"
#include "notify/uuid.h"

namespace tocsin::notify {
namespace {

constexpr std::uint16_t kSmtpsPort = 465;

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

class Email final : public Notifier {
 public:
  MailRequest server;  // all but from, to, message and the password
  Secret password;
  std::string external_url;
  tmpl::Template to;
  tmpl::Template from;
  std::vector<std::pair<std::string, tmpl::Template>> headers;  // Subject among them
  tmpl::Template html;
  tmpl::Template text;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering plain(batch[0], {external_url}, now);
    const Rendering rich(batch[0], {external_url, 0, ValueEscaping::kHtml}, now);
    MailRequest request = server;
    request.from = MailAddress(plain.Expand(from));
    request.to = MailAddresses(plain.Expand(to));
    if (request.from.empty()) return Error{Errc::kInvalid, "the sender is no mail address"};
    if (request.to.empty()) return Error{Errc::kInvalid, "there is no valid recipient"};
    TRY_ASSIGN(request.password, password.Reveal());

    // Mailboxes drop a second mail with the same one: that of another host or receiver, which pages
    // for a group of the same name at the same moment, must differ.
    const std::string id = NewUuid();
    Mail mail;
    AddHeader("From", plain.Expand(from), mail);
    AddHeader("To", plain.Expand(to), mail);
    for (const auto& [name, value] : headers) AddHeader(name, plain.Expand(value), mail);
    std::string date;
    AppendImfDate(now, date);
    AddHeader("Date", date + " +0000", mail);
    AddHeader("Message-ID", "<" + id + "@" + server.hello + ">", mail);
    mail.html = rich.Expand(html);
    mail.text = plain.Expand(text);
    if (mail.html.empty() && mail.text.empty()) mail.text = "\n";
    mail.boundary = "tocsin-" + id;
    request.message = MailText(mail);
    return Request(std::move(request));
  }

  Verdict Judge(const Result<Answer>& answer, WallTime) const override {
    if (!answer) return JudgeError(answer.error());
    if (answer->status < 400) return {};
    const std::string detail = "the mail server answered " + std::to_string(answer->status);
    if (answer->status < 500) return {Verdict::Kind::kRetry, {}, "status_4xx", detail};
    return {Verdict::Kind::kRejected, {}, "status_5xx", detail};
  }

 private:
  /// A header that is there already (given in `headers`) keeps the later value.
  static void AddHeader(const std::string& name, std::string value, Mail& mail) {
    for (auto& [there, old] : mail.headers) {
      if (SameName(there, name)) {
        if (!SameName(name, "Date") && !SameName(name, "Message-ID")) old = std::move(value);
        return;
      }
    }
    mail.headers.emplace_back(name, std::move(value));
  }
};

Status ReadServer(ReceiverFields& fields, Email& email) {
  const GlobalSettings& global = fields.context().global;
  MailRequest& server = email.server;
  TRY_ASSIGN(const std::string smarthost, fields.Plain("smarthost", global.smtp_smarthost));
  const auto colon = smarthost.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : ParseInt<std::uint16_t>(std::string_view(smarthost).substr(colon + 1));
  if (!port || colon == 0) {
    return fields.file().At(
        fields.fields().node(),
        "needs \"smarthost\" as HOST:PORT, here or as smtp_smarthost in global");
  }
  server.host = smarthost.substr(0, colon);
  server.port = *port;
  TRY_ASSIGN(server.hello, fields.Plain("hello", global.smtp_hello));
  TRY_ASSIGN(const bool require_tls, fields.Flag("require_tls", global.smtp_require_tls));
  using Security = MailRequest::Security;
  server.security = *port == kSmtpsPort ? Security::kTls
                    : require_tls       ? Security::kStartTlsRequired
                                        : Security::kStartTlsIfOffered;
  if (const YamlNode* tls = fields.fields().Find("tls_config")) {
    TRY_ASSIGN(server.tls, ReadTlsOptions(fields.file(), *tls));
  }
  TRY_ASSIGN(server.user, fields.Plain("auth_username", global.smtp_user));
  TRY_ASSIGN(server.identity, fields.Plain("auth_identity", ""));
  TRY_ASSIGN(email.password, fields.ReadSecret("auth_password"));
  TRY_ASSIGN(Secret secret, fields.ReadSecret("auth_secret"));
  if (email.password.empty()) email.password = global.smtp_password;
  if (secret.empty()) secret = global.smtp_secret;
  // As Alertmanager: which one is given says how it is used.
  server.mechanisms = {"PLAIN", "LOGIN"};
  if (email.password.empty() && !secret.empty()) {
    email.password = std::move(secret);
    server.mechanisms = {"CRAM-MD5"};
  }
  return Unit{};
}

}  // namespace

Result<std::unique_ptr<Notifier>> ReadEmail(ReceiverFields& fields) {
  auto email = std::make_unique<Email>();
  TRY(ReadServer(fields, *email));
  TRY(fields.fields().Require("to"));
  TRY_ASSIGN(email->to, fields.Text("to", ""));
  const std::string& default_from = fields.context().global.smtp_from;
  if (!fields.fields().Find("from") && default_from.empty()) {
    return fields.file().At(fields.fields().node(),
                            "needs \"from\", here or as smtp_from in global");
  }
  TRY_ASSIGN(email->from, fields.Text("from", default_from));
  TRY_ASSIGN(email->headers, fields.Texts("headers"));
  const bool has_subject =
      std::any_of(email->headers.begin(), email->headers.end(),
                  [](const auto& header) { return SameName(header.first, "Subject"); });
  if (!has_subject) {
    TRY_ASSIGN(tmpl::Template subject,
               fields.Parse(nullptr, R"({{ template "email.default.subject" . }})"));
    email->headers.emplace_back("Subject", std::move(subject));
  }
  TRY_ASSIGN(email->html, fields.Text("html", R"({{ template "email.default.html" . }})"));
  TRY_ASSIGN(email->text, fields.Text("text", ""));
  email->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(email));
}

}  // namespace tocsin::notify
