#include "collectors/net/tls_session.h"

#include <arpa/inet.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collectors/net/tls_library.h"

namespace tocsin::net {
namespace {

bool IsIpAddress(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

Status LoadFiles(const TlsLibrary& tls, SSL_CTX* context, const outgoing::TlsOptions& options) {
  const auto failed = [&](const std::string& file) {
    return Error{Errc::kIo, file + ": " + LastError(tls)};
  };
  if (options.ca_file.empty()) {
    tls.SSL_CTX_set_default_verify_paths(context);
  } else if (tls.SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    return failed(options.ca_file);
  }
  if (!options.cert_file.empty() &&
      tls.SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
    return failed(options.cert_file);
  }
  if (!options.key_file.empty() &&
      tls.SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failed(options.key_file);
  }
  return Unit{};
}

}  // namespace

struct TlsSession::Parts {
  explicit Parts(const TlsLibrary& library) : tls(library) {}
  ~Parts() {
    tls.SSL_free(ssl);
    tls.SSL_CTX_free(context);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  const TlsLibrary& tls;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
};

TlsSession::TlsSession(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::Start(int fd, const outgoing::TlsOptions& options,
                                                      const std::string& name) {
  TRY_ASSIGN(const TlsLibrary* library, TlsLibrary::Load());
  const TlsLibrary& tls = *library;
  tls.ERR_clear_error();
  if (name.empty() && !options.insecure_skip_verify) {
    return Error{Errc::kInvalid, "no name to check the certificate against: set server_name"};
  }
  auto parts = std::make_unique<Parts>(tls);
  parts->context = tls.SSL_CTX_new(tls.TLS_client_method());
  if (!parts->context) return Error{Errc::kIo, "OpenSSL: " + LastError(tls)};
  tls.SSL_CTX_ctrl(parts->context, SSL_CTRL_SET_MIN_PROTO_VERSION,
                   options.tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION, nullptr);
  tls.SSL_CTX_ctrl(parts->context, SSL_CTRL_MODE,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                       SSL_MODE_RELEASE_BUFFERS,
                   nullptr);
  TRY(LoadFiles(tls, parts->context, options));
  tls.SSL_CTX_set_verify(parts->context,
                         options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  parts->ssl = tls.SSL_new(parts->context);
  if (!parts->ssl || tls.SSL_set_fd(parts->ssl, fd) != 1) {
    return Error{Errc::kIo, "OpenSSL: " + LastError(tls)};
  }
  if (IsIpAddress(name)) {
    tls.X509_VERIFY_PARAM_set1_ip_asc(tls.SSL_get0_param(parts->ssl), name.c_str());
  } else if (!name.empty()) {
    tls.SSL_ctrl(parts->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name.c_str()));  // which copies it
    tls.SSL_set1_host(parts->ssl, name.c_str());
  }
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(parts)));
}

TlsSession::Step TlsSession::StepOf(int result) {
  const TlsLibrary& tls = parts_->tls;
  const int saved = errno;
  switch (tls.SSL_get_error(parts_->ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return Step::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Step::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kClosed;
    case SSL_ERROR_SYSCALL:
      tls.ERR_clear_error();
      error_ = saved != 0 ? std::strerror(saved) : "the connection ended";
      return Step::kClosed;
    default:
      break;
  }
  const long verified = tls.SSL_get_verify_result(parts_->ssl);
  error_ = LastError(tls);
  // OpenSSL 3 reports an end without close_notify as an error of its own.
  if (error_ == "unexpected eof while reading") return Step::kClosed;
  if (verified != X509_V_OK && error_ == "certificate verify failed") {
    error_ += std::string(": ") + tls.X509_verify_cert_error_string(verified);
  }
  return Step::kFailed;
}

TlsSession::Step TlsSession::Handshake() {
  parts_->tls.ERR_clear_error();
  errno = 0;
  const int result = parts_->tls.SSL_connect(parts_->ssl);
  return result == 1 ? Step::kDone : StepOf(result);
}

TlsSession::Step TlsSession::Read(char* data, std::size_t room, std::size_t& size) {
  parts_->tls.ERR_clear_error();
  errno = 0;
  const int result = parts_->tls.SSL_read(parts_->ssl, data, static_cast<int>(room));
  if (result <= 0) return StepOf(result);
  size = static_cast<std::size_t>(result);
  return Step::kDone;
}

TlsSession::Step TlsSession::Write(std::string_view bytes, std::size_t& size) {
  parts_->tls.ERR_clear_error();
  errno = 0;
  constexpr std::size_t kMost = 1 << 20;
  const int result = parts_->tls.SSL_write(parts_->ssl, bytes.data(),
                                           static_cast<int>(std::min(bytes.size(), kMost)));
  if (result <= 0) return StepOf(result);
  size = static_cast<std::size_t>(result);
  return Step::kDone;
}

TlsPeer TlsSession::Inspect() const { return InspectPeer(parts_->tls, parts_->ssl); }

}  // namespace tocsin::net
