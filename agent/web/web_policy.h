#pragma once
// A web configuration file in force: what it asks of the door, kept up to date with the file and
// with the certificates that it names.

#include <memory>
#include <string>
#include <vector>

#include "agent/http/door/policy.h"
#include "agent/http/server.h"
#include "agent/web/logins.h"
#include "agent/web/tls_server.h"
#include "agent/web/web_config.h"
#include "base/clock.h"
#include "base/result.h"

namespace tocsin::web {

/// Loads everything as WebPolicy does, and forgets it: how clients then speak to the agent.
Result<http::Scheme> CheckWebConfig(const std::string& path);

class WebPolicy final : public http::Policy {
 public:
  /// `clock` outlives it. Errors: those of ReadWebConfig and TlsServer; kUnsupported without
  /// libcrypt, if there are users.
  static Result<std::shared_ptr<WebPolicy>> Load(const std::string& path, const Clock& clock);

  /// A file that does not load is logged once and changes nothing; nor does one that switches TLS
  /// on or off, which takes a restart.
  void Refresh() override;
  bool secure() const override { return secure_; }
  std::unique_ptr<http::SecureStream> Secure(int socket) override;
  Verdict Judge(const http::Request& request) override;
  bool CheckLogin(const http::Request& request) override;
  http::Response Refusal(Verdict verdict) const override;
  void Decorate(http::Response& response) const override;

 private:
  friend Result<http::Scheme> CheckWebConfig(const std::string& path);

  /// What tells one state of the files from another.
  struct FileState {
    std::string path;
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileState&) const = default;
  };
  struct Loaded {
    WebConfig config;
    std::shared_ptr<const TlsServer> tls;  // null: plain
    std::vector<FileState> files;          // as they were before they were read
  };

  WebPolicy(std::string path, const Clock& clock, Loaded loaded);
  static FileState StateOf(const std::string& path);
  static Result<Loaded> LoadAll(const std::string& path);
  void Use(Loaded loaded);
  bool TakeToken();

  const std::string path_;
  const Clock& clock_;
  const bool secure_;
  Logins logins_;
  // The rest is the door's thread's.
  std::vector<FileState> seen_;
  std::shared_ptr<const TlsServer> tls_;
  std::vector<std::pair<std::string, std::string>> headers_;
  RateLimit rate_limit_;
  double tokens_ = 0;
  MonoTime tokens_at_{};
};

}  // namespace tocsin::web
