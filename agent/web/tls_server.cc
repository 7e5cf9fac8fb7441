#include "agent/web/tls_server.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/file.h"
#include "collectors/net/tls_library.h"

namespace tocsin::web {
namespace {

using net::LastError;
using net::TlsLibrary;

constexpr std::size_t kMaxPemBytes = 1 << 20;
constexpr int kMaxSans = 256;  // of a client's certificate

/// PEM text and what errors call it.
struct Source {
  std::string name;
  std::string text;
};

Result<Source> Load(const Pem& pem, std::string_view key) {
  if (pem.file.empty()) return Source{std::string(key), pem.text};
  TRY_ASSIGN(std::string text, ReadWholeFile(pem.file, kMaxPemBytes));
  return Source{pem.file, std::move(text)};
}

using BioPtr = std::unique_ptr<BIO, decltype(&::BIO_free)>;

BioPtr Open(const TlsLibrary& tls, const std::string& text) {
  return {tls.BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), tls.BIO_free};
}

/// An encrypted key is an error, not a question at a terminal.
int NoPassword(char*, int, int, void*) { return -1; }

/// Calls `take` with each certificate of `source`; false ends it. Errors: kMalformed if there is
/// none.
Status ForEachCertificate(const TlsLibrary& tls, const Source& source,
                          const std::function<bool(X509*)>& take) {
  const BioPtr bio = Open(tls, source.text);
  int count = 0;
  while (X509* const certificate = tls.PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    ++count;
    const bool taken = take(certificate);
    tls.X509_free(certificate);
    if (!taken) return Error{Errc::kMalformed, source.name + ": " + LastError(tls)};
  }
  tls.ERR_clear_error();  // its end is one
  if (count > 0) return Unit{};
  return Error{Errc::kMalformed, source.name + ": holds no certificate in PEM"};
}

Status UseCertificate(const TlsLibrary& tls, SSL_CTX* context, const Source& source) {
  bool first = true;
  return ForEachCertificate(tls, source, [&](X509* certificate) {
    if (std::exchange(first, false)) return tls.SSL_CTX_use_certificate(context, certificate) == 1;
    return tls.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, certificate) == 1;
  });
}

Status UseKey(const TlsLibrary& tls, SSL_CTX* context, const Source& key,
              const std::string& certificate) {
  const BioPtr bio = Open(tls, key.text);
  EVP_PKEY* const parsed = tls.PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr);
  if (!parsed) {
    tls.ERR_clear_error();
    return Error{Errc::kMalformed, key.name + ": holds no unencrypted private key in PEM"};
  }
  const bool used = tls.SSL_CTX_use_PrivateKey(context, parsed) == 1 &&
                    tls.SSL_CTX_check_private_key(context) == 1;
  tls.EVP_PKEY_free(parsed);
  if (used) return Unit{};
  tls.ERR_clear_error();
  return Error{Errc::kInvalid, key.name + ": is not the key of " + certificate};
}

int AnyCertificate(int, X509_STORE_CTX*) { return 1; }

Status AskClients(const TlsLibrary& tls, SSL_CTX* context, const TlsConfig& config) {
  int mode = SSL_VERIFY_NONE;
  if (config.client_auth != ClientAuth::kNone) mode = SSL_VERIFY_PEER;
  const bool required = config.client_auth == ClientAuth::kRequireAny ||
                        config.client_auth == ClientAuth::kRequireAndVerify;
  if (required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  const bool any =
      config.client_auth == ClientAuth::kRequest || config.client_auth == ClientAuth::kRequireAny;
  tls.SSL_CTX_set_verify(context, mode, any ? AnyCertificate : nullptr);
  if (config.client_ca.empty()) {
    if (mode != SSL_VERIFY_NONE && !any) tls.SSL_CTX_set_default_verify_paths(context);
    return Unit{};
  }
  TRY_ASSIGN(const Source source, Load(config.client_ca, "client_ca"));
  return ForEachCertificate(tls, source, [&](X509* certificate) {
    return tls.X509_STORE_add_cert(tls.SSL_CTX_get_cert_store(context), certificate) == 1;
  });
}

int NumberOf(TlsVersion version) {
  switch (version) {
    case TlsVersion::k10:
      return TLS1_VERSION;
    case TlsVersion::k11:
      return TLS1_1_VERSION;
    case TlsVersion::k12:
      return TLS1_2_VERSION;
    case TlsVersion::k13:
      break;
  }
  return TLS1_3_VERSION;
}

Status ChooseProtocol(const TlsLibrary& tls, SSL_CTX* context, const TlsConfig& config) {
  const TlsVersion lowest = config.only_tls13_ciphers ? TlsVersion::k13 : config.min_version;
  tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, NumberOf(lowest), nullptr);
  tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, NumberOf(config.max_version), nullptr);
  std::string ciphers = config.ciphers;
  if (config.min_version < TlsVersion::k12) {
    // Their signatures are below the level that OpenSSL asks for otherwise.
    ciphers = (ciphers.empty() ? "DEFAULT" : ciphers) + ":@SECLEVEL=0";
  }
  if (!ciphers.empty() && tls.SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    return Error{Errc::kInvalid, "cipher_suites: " + LastError(tls)};
  }
  std::string groups = config.groups;
  if (!groups.empty() &&
      tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, groups.data()) != 1) {
    return Error{Errc::kInvalid, "curve_preferences: " + LastError(tls)};
  }
  std::uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                          SSL_OP_IGNORE_UNEXPECTED_EOF;
  if (config.prefer_server_ciphers) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
  tls.SSL_CTX_set_options(context, options);
  // A resumed session would pass by what has changed in the configuration since.
  tls.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  tls.SSL_CTX_set_num_tickets(context, 0);
  tls.SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                       SSL_MODE_RELEASE_BUFFERS,
                   nullptr);
  return Unit{};
}

/// A name of a certificate as Go shows it; empty for kinds that no rule can name.
std::string TextOf(const TlsLibrary& tls, const GENERAL_NAME& name) {
  const bool text = name.type == GEN_DNS || name.type == GEN_EMAIL || name.type == GEN_URI;
  if (!text && name.type != GEN_IPADD) return {};
  const ASN1_STRING* const value = text ? name.d.ia5 : name.d.iPAddress;
  const auto* const bytes = tls.ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(std::max(tls.ASN1_STRING_length(value), 0));
  if (text) return {reinterpret_cast<const char*>(bytes), size};
  std::array<char, INET6_ADDRSTRLEN> address{};
  if (size != sizeof(in_addr) && size != sizeof(in6_addr)) return {};
  inet_ntop(size == sizeof(in_addr) ? AF_INET : AF_INET6, bytes, address.data(), address.size());
  return address.data();
}

bool HasAllowedName(const TlsLibrary& tls, const SSL* ssl,
                    const std::vector<std::string>& allowed) {
  const X509* const certificate = tls.SSL_get0_peer_certificate(ssl);
  if (!certificate) return false;
  auto* const names = static_cast<OPENSSL_STACK*>(
      tls.X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (!names) return false;
  bool found = false;
  const int count = std::min(tls.OPENSSL_sk_num(names), kMaxSans);
  for (int i = 0; i < count && !found; ++i) {
    const auto& name = *static_cast<const GENERAL_NAME*>(tls.OPENSSL_sk_value(names, i));
    const std::string text = TextOf(tls, name);
    found = !text.empty() && std::find(allowed.begin(), allowed.end(), text) != allowed.end();
  }
  tls.OPENSSL_sk_pop_free(
      names, reinterpret_cast<OPENSSL_sk_freefunc>(reinterpret_cast<void*>(tls.GENERAL_NAME_free)));
  return found;
}

}  // namespace

struct TlsServer::Parts {
  Parts(const TlsLibrary& library, std::vector<std::string> sans)
      : tls(library), allowed_sans(std::move(sans)) {}
  ~Parts() { tls.SSL_CTX_free(context); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  const TlsLibrary& tls;
  const std::vector<std::string> allowed_sans;
  SSL_CTX* context = nullptr;
};

class TlsServer::Stream final : public http::SecureStream {
 public:
  Stream(std::shared_ptr<const TlsServer> server, SSL* ssl)
      : server_(std::move(server)), parts_(*server_->parts_), tls_(parts_.tls), ssl_(ssl) {}
  ~Stream() override { tls_.SSL_free(ssl_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Step Handshake() override {
    tls_.ERR_clear_error();
    const int result = tls_.SSL_accept(ssl_);
    if (result != 1) return StepOf(result);
    ready_ = parts_.allowed_sans.empty() || HasAllowedName(tls_, ssl_, parts_.allowed_sans);
    return ready_ ? Step::kDone : Step::kEnded;
  }

  Step Read(char* data, std::size_t room, std::size_t& size) override {
    tls_.ERR_clear_error();
    const int result = tls_.SSL_read(ssl_, data, static_cast<int>(room));
    if (result <= 0) return StepOf(result);
    size = static_cast<std::size_t>(result);
    return Step::kDone;
  }

  Step Write(std::string_view bytes, std::size_t& size) override {
    constexpr std::size_t kMost = 1 << 20;
    tls_.ERR_clear_error();
    const auto wanted = static_cast<int>(std::min(bytes.size(), kMost));
    const int result = tls_.SSL_write(ssl_, bytes.data(), wanted);
    if (result <= 0) return StepOf(result);
    size = static_cast<std::size_t>(result);
    return Step::kDone;
  }

  bool HasPending() const override { return tls_.SSL_pending(ssl_) > 0; }

  void SayGoodbye() override {
    if (!ready_) return;
    tls_.ERR_clear_error();
    tls_.SSL_shutdown(ssl_);
    tls_.ERR_clear_error();
  }

 private:
  Step StepOf(int result) {
    switch (tls_.SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return Step::kWantRead;
      case SSL_ERROR_WANT_WRITE:
        return Step::kWantWrite;
      default:
        tls_.ERR_clear_error();
        ready_ = false;  // after an error OpenSSL must not be asked to end it properly
        return Step::kEnded;
    }
  }

  const std::shared_ptr<const TlsServer> server_;
  const Parts& parts_;
  const TlsLibrary& tls_;
  SSL* const ssl_;
  bool ready_ = false;
};

TlsServer::TlsServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsServer::~TlsServer() = default;

Result<std::shared_ptr<const TlsServer>> TlsServer::Make(const TlsConfig& config) {
  TRY_ASSIGN(const TlsLibrary* library, TlsLibrary::Load());
  const TlsLibrary& tls = *library;
  tls.ERR_clear_error();
  auto parts = std::make_unique<Parts>(tls, config.client_allowed_sans);
  parts->context = tls.SSL_CTX_new(tls.TLS_server_method());
  if (!parts->context) return Error{Errc::kIo, "OpenSSL: " + LastError(tls)};
  TRY(ChooseProtocol(tls, parts->context, config));
  TRY_ASSIGN(const Source certificate, Load(config.certificate, "cert"));
  TRY_ASSIGN(const Source key, Load(config.key, "key"));
  TRY(UseCertificate(tls, parts->context, certificate));
  TRY(UseKey(tls, parts->context, key, certificate.name));
  TRY(AskClients(tls, parts->context, config));
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(parts)));
}

std::unique_ptr<http::SecureStream> TlsServer::Accept(std::shared_ptr<const TlsServer> server,
                                                      int socket) {
  const TlsLibrary& tls = server->parts_->tls;
  SSL* const ssl = tls.SSL_new(server->parts_->context);
  if (!ssl) return nullptr;
  if (tls.SSL_set_fd(ssl, socket) != 1) {
    tls.SSL_free(ssl);
    return nullptr;
  }
  return std::make_unique<Stream>(std::move(server), ssl);
}

}  // namespace tocsin::web
