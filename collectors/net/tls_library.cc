#include "collectors/net/tls_library.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <span>
#include <string>

#include "base/hex.h"
#include "base/shared_library.h"
#include "base/utf8.h"

namespace tocsin::net {
namespace {

constexpr int kMaxNames = 256;  // DNS names of one certificate that are read
constexpr int kMaxChain = 16;

Status Fill(TlsLibrary& tls) {
  TRY_ASSIGN(const SharedLibrary crypto, SharedLibrary::Load("libcrypto.so.3", "libssl3"));
  TRY_ASSIGN(const SharedLibrary ssl, SharedLibrary::Load("libssl.so.3", "libssl3"));
#define TOCSIN_FIND_SSL(name) &&ssl.Find(#name, tls.name)
#define TOCSIN_FIND_CRYPTO(name) &&crypto.Find(#name, tls.name)
  const bool complete =
      true TOCSIN_SSL_FUNCTIONS(TOCSIN_FIND_SSL) TOCSIN_CRYPTO_FUNCTIONS(TOCSIN_FIND_CRYPTO);
#undef TOCSIN_FIND_SSL
#undef TOCSIN_FIND_CRYPTO
  if (complete) return Unit{};
  return Error{Errc::kUnsupported, "libssl.so.3 lacks a function: OpenSSL 3.0 is needed"};
}

WallTime TimeOf(const TlsLibrary& tls, const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || tls.ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(seconds(::timegm(&parts)));
}

/// As RFC 2253 writes it: the most specific part first.
std::string NameOf(const TlsLibrary& tls, const X509_NAME* name) {
  const auto free_bio = [&](BIO* bio) { tls.BIO_free(bio); };
  const std::unique_ptr<BIO, decltype(free_bio)> bio(tls.BIO_new(tls.BIO_s_mem()), free_bio);
  if (!bio ||
      tls.X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    return {};
  }
  char* text = nullptr;
  const long size = tls.BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &text);
  return size > 0 && text ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string SerialOf(const TlsLibrary& tls, const X509* certificate) {
  BIGNUM* const number = tls.ASN1_INTEGER_to_BN(tls.X509_get0_serialNumber(certificate), nullptr);
  if (!number) return {};
  char* const text = tls.BN_bn2hex(number);
  std::string serial = text ? text : "";
  tls.CRYPTO_free(text, __FILE__, __LINE__);
  tls.BN_free(number);
  std::transform(serial.begin(), serial.end(), serial.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return serial;
}

std::vector<std::string> DnsNamesOf(const TlsLibrary& tls, const X509* certificate) {
  std::vector<std::string> names;
  auto* const list = static_cast<OPENSSL_STACK*>(
      tls.X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (!list) return names;
  const int count = std::min(tls.OPENSSL_sk_num(list), kMaxNames);
  for (int i = 0; i < count; ++i) {
    const auto* const name = static_cast<const GENERAL_NAME*>(tls.OPENSSL_sk_value(list, i));
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(tls.ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(tls.ASN1_STRING_length(name->d.dNSName)));
  }
  tls.OPENSSL_sk_pop_free(
      list, reinterpret_cast<OPENSSL_sk_freefunc>(reinterpret_cast<void*>(tls.GENERAL_NAME_free)));
  return names;
}

Certificate CertificateOf(const TlsLibrary& tls, const X509* x509) {
  Certificate certificate;
  certificate.not_before = TimeOf(tls, tls.X509_get0_notBefore(x509));
  certificate.not_after = TimeOf(tls, tls.X509_get0_notAfter(x509));
  certificate.subject = NameOf(tls, tls.X509_get_subject_name(x509));
  certificate.issuer = NameOf(tls, tls.X509_get_issuer_name(x509));
  certificate.serial = SerialOf(tls, x509);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (tls.X509_digest(x509, tls.EVP_sha256(), digest.data(), &size) == 1) {
    certificate.sha256 = HexText(std::span(digest).first(size));
  }
  certificate.dns_names = DnsNamesOf(tls, x509);
  return certificate;
}

std::vector<Certificate> ChainOf(const TlsLibrary& tls, const STACK_OF(X509) * stack) {
  std::vector<Certificate> chain;
  const auto* const list = reinterpret_cast<const OPENSSL_STACK*>(stack);
  const int count = list ? std::min(tls.OPENSSL_sk_num(list), kMaxChain) : 0;
  chain.reserve(static_cast<std::size_t>(std::max(count, 0)));
  for (int i = 0; i < count; ++i) {
    chain.push_back(CertificateOf(tls, static_cast<const X509*>(tls.OPENSSL_sk_value(list, i))));
  }
  return chain;
}

/// OpenSSL says TLSv1.3 where Go says TLS 1.3.
std::string VersionOf(std::string_view version) {
  if (version == "TLSv1") return "TLS 1.0";
  if (version.starts_with("TLSv")) return "TLS " + std::string(version.substr(4));
  return std::string(version);
}

}  // namespace

WallTime EarliestExpiry(const std::vector<Certificate>& chain) {
  const auto first = std::min_element(
      chain.begin(), chain.end(),
      [](const Certificate& a, const Certificate& b) { return a.not_after < b.not_after; });
  return first == chain.end() ? WallTime{} : first->not_after;
}

Result<const TlsLibrary*> TlsLibrary::Load() { return FilledOnce(Fill); }

TlsPeer InspectPeer(const TlsLibrary& tls, const SSL* ssl) {
  TlsPeer peer;
  peer.version = VersionOf(tls.SSL_get_version(ssl));
  if (const SSL_CIPHER* cipher = tls.SSL_get_current_cipher(ssl)) {
    const char* const name = tls.SSL_CIPHER_standard_name(cipher);
    peer.cipher = name ? name : "";
  }
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  tls.SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn) peer.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  peer.chain = ChainOf(tls, tls.SSL_get_peer_cert_chain(ssl));
  if (tls.SSL_get_verify_result(ssl) == X509_V_OK) {
    peer.verified = ChainOf(tls, tls.SSL_get0_verified_chain(ssl));
  }
  return peer;
}

std::string LastError(const TlsLibrary& tls) {
  std::string why = "no reason given";
  if (const unsigned long code = tls.ERR_get_error(); code != 0) {
    if (const char* const text = tls.ERR_reason_error_string(code)) why = text;
  }
  tls.ERR_clear_error();
  return OneLine(why, 200);
}

}  // namespace tocsin::net
