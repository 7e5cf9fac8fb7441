#include "agent/web/web_policy.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "agent/web/bcrypt.h"
#include "base/log.h"

namespace tocsin::web {

WebPolicy::FileState WebPolicy::StateOf(const std::string& path) {
  FileState state{path};
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return state;
  state.changed_ns = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  state.size = info.st_size;
  state.inode = info.st_ino;
  return state;
}

Result<WebPolicy::Loaded> WebPolicy::LoadAll(const std::string& path) {
  Loaded loaded;
  loaded.files.push_back(StateOf(path));
  TRY_ASSIGN(loaded.config, ReadWebConfig(path));
  if (!loaded.config.users.empty()) TRY(LoadBcrypt());
  if (!loaded.config.tls) return loaded;
  const TlsConfig& tls = *loaded.config.tls;
  for (const Pem* pem : {&tls.certificate, &tls.key, &tls.client_ca}) {
    if (!pem->file.empty()) loaded.files.push_back(StateOf(pem->file));
  }
  auto server = TlsServer::Make(tls);
  if (!server) return std::move(server).error().Under(path);
  loaded.tls = *std::move(server);
  return loaded;
}

Result<http::Scheme> CheckWebConfig(const std::string& path) {
  TRY_ASSIGN(const WebPolicy::Loaded loaded, WebPolicy::LoadAll(path));
  return loaded.tls ? http::Scheme::kHttps : http::Scheme::kHttp;
}

Result<std::shared_ptr<WebPolicy>> WebPolicy::Load(const std::string& path, const Clock& clock) {
  TRY_ASSIGN(Loaded loaded, LoadAll(path));
  return std::shared_ptr<WebPolicy>(new WebPolicy(path, clock, std::move(loaded)));
}

WebPolicy::WebPolicy(std::string path, const Clock& clock, Loaded loaded)
    : path_(std::move(path)),
      clock_(clock),
      secure_(loaded.tls != nullptr),
      logins_(BcryptMatches),
      seen_(loaded.files) {
  Use(std::move(loaded));
}

void WebPolicy::Use(Loaded loaded) {
  logins_.Set(std::move(loaded.config.users));
  tls_ = std::move(loaded.tls);
  headers_ = std::move(loaded.config.headers);
  rate_limit_ = loaded.config.rate_limit;
  tokens_ = static_cast<double>(rate_limit_.burst);
  tokens_at_ = clock_.Mono();
}

void WebPolicy::Refresh() {
  const bool same = std::all_of(seen_.begin(), seen_.end(),
                                [](const FileState& file) { return file == StateOf(file.path); });
  if (same) return;
  auto loaded = LoadAll(path_);
  if (loaded && (loaded->tls != nullptr) != secure_) {
    loaded = Error{Errc::kInvalid, path_ + ": TLS is switched on or off by a restart only"};
  }
  if (!loaded) {
    for (FileState& file : seen_) file = StateOf(file.path);  // said once
    LogError("the web configuration is not reloaded, the old one stays in force",
             {{"error", loaded.error().message()}});
    return;
  }
  seen_ = loaded->files;
  Use(*std::move(loaded));
  LogInfo("the web configuration is reloaded", {{"file", path_}});
}

std::unique_ptr<http::SecureStream> WebPolicy::Secure(int socket) {
  return TlsServer::Accept(tls_, socket);
}

/// A bucket that fills by a token an interval, up to `burst`.
bool WebPolicy::TakeToken() {
  if (rate_limit_.interval <= milliseconds(0)) return true;
  const MonoTime now = clock_.Mono();
  const double filled = ToSeconds(now - tokens_at_) / ToSeconds(rate_limit_.interval);
  tokens_ = std::min(tokens_ + filled, static_cast<double>(rate_limit_.burst));
  tokens_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

http::Policy::Verdict WebPolicy::Judge(const http::Request& request) {
  if (!TakeToken()) return Verdict::kTooMany;
  switch (logins_.Judge(request.Header("authorization"))) {
    case Logins::Verdict::kRight:
      return Verdict::kPass;
    case Logins::Verdict::kWrong:
      return Verdict::kRefuse;
    case Logins::Verdict::kUnknown:
      break;
  }
  return Verdict::kCheck;
}

bool WebPolicy::CheckLogin(const http::Request& request) {
  return logins_.Check(request.Header("authorization"));
}

http::Response WebPolicy::Refusal(Verdict verdict) const {
  if (verdict == Verdict::kTooMany) return http::TextResponse(429, "Too Many Requests");
  http::Response response = http::TextResponse(401, "Unauthorized");
  response.headers.emplace_back("WWW-Authenticate", "Basic");
  return response;
}

void WebPolicy::Decorate(http::Response& response) const {
  for (const auto& [name, value] : headers_) {
    // Every response has nosniff already, which is all that this header can say.
    if (name == "X-Content-Type-Options" || response.HasHeader(name)) continue;
    response.headers.emplace_back(name, value);
  }
}

}  // namespace tocsin::web
