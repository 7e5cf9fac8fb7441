#pragma once
// OpenSSL's functions, found at run time: linked in, they would cost every agent resident memory,
// whether it speaks TLS or not. Only sources that speak to OpenSSL include this.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>

#include "base/result.h"
#include "collectors/net/tls_peer.h"

namespace tocsin::net {

// Every function that is called, of libssl and of libcrypto, once.
// clang-format off
#define TOCSIN_SSL_FUNCTIONS(X) \
  X(TLS_client_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_set_default_verify_paths) \
  X(SSL_CTX_load_verify_file) X(SSL_CTX_use_certificate_chain_file) X(SSL_CTX_use_PrivateKey_file) \
  X(SSL_CTX_set_verify) X(SSL_CTX_ctrl) X(SSL_new) X(SSL_free) X(SSL_set_fd) X(SSL_set1_host) \
  X(SSL_get0_param) X(SSL_ctrl) X(SSL_connect) X(SSL_read) X(SSL_write) X(SSL_get_error) \
  X(SSL_get_verify_result) X(SSL_get_peer_cert_chain) X(SSL_get0_verified_chain) \
  X(SSL_get_version) X(SSL_get_current_cipher) X(SSL_CIPHER_standard_name) X(SSL_get0_alpn_selected) \
  X(TLS_server_method) X(SSL_accept) X(SSL_pending) X(SSL_shutdown) X(SSL_CTX_set_options) \
  X(SSL_CTX_set_cipher_list) X(SSL_CTX_set_num_tickets) X(SSL_CTX_use_certificate) \
  X(SSL_CTX_use_PrivateKey) X(SSL_CTX_check_private_key) X(SSL_CTX_get_cert_store) \
  X(SSL_get0_peer_certificate) X(SSL_get_shutdown)
#define TOCSIN_CRYPTO_FUNCTIONS(X) \
  X(ERR_clear_error) X(ERR_get_error) X(ERR_reason_error_string) X(OPENSSL_sk_num) \
  X(OPENSSL_sk_value) X(OPENSSL_sk_pop_free) X(X509_get0_notBefore) X(X509_get0_notAfter) \
  X(ASN1_TIME_to_tm) X(X509_get_subject_name) X(X509_get_issuer_name) X(X509_NAME_print_ex) \
  X(BIO_new) X(BIO_s_mem) X(BIO_ctrl) X(BIO_free) X(X509_get0_serialNumber) X(ASN1_INTEGER_to_BN) \
  X(BN_bn2hex) X(BN_free) X(CRYPTO_free) X(X509_digest) X(EVP_sha256) X(X509_get_ext_d2i) \
  X(GENERAL_NAME_free) X(ASN1_STRING_get0_data) X(ASN1_STRING_length) \
  X(X509_VERIFY_PARAM_set1_ip_asc) X(X509_verify_cert_error_string) X(BIO_new_mem_buf) \
  X(PEM_read_bio_X509) X(PEM_read_bio_PrivateKey) X(X509_free) X(EVP_PKEY_free) \
  X(X509_STORE_add_cert)
// clang-format on

struct TlsLibrary {
#define TOCSIN_TLS_MEMBER(name) decltype(&::name) name;
  TOCSIN_SSL_FUNCTIONS(TOCSIN_TLS_MEMBER)
  TOCSIN_CRYPTO_FUNCTIONS(TOCSIN_TLS_MEMBER)
#undef TOCSIN_TLS_MEMBER

  /// Loads libssl.so.3 and libcrypto.so.3 once; they then stay for the life of the process.
  /// Thread-safe. Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const TlsLibrary*> Load();
};

/// Why OpenSSL last failed on this thread, on one line; forgets that.
std::string LastError(const TlsLibrary& tls);

/// What `ssl`, past its handshake, shows of the other side.
TlsPeer InspectPeer(const TlsLibrary& tls, const SSL* ssl);

}  // namespace tocsin::net
