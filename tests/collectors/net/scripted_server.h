#pragma once
// A server on loopback that behaves as a script says, badly where that is what is tested. Each
// connection plays the script from its beginning on a thread of its own.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::net {

/// One step of a script.
struct Act {
  enum class Kind {
    kExpect,   // reads until `text` has come (from where the last Expect ended)
    kSend,     // sends `text`
    kDrip,     // sends `text` a byte at a time, each as a packet
    kEndless,  // sends `text` over and over until the client goes
    kTls,      // becomes a TLS server with the certificate of file `text` of certs/
    kHang,     // neither reads nor writes until the client or the server goes
    kReset,    // ends the connection with a TCP reset
    kAgain,    // from the script's beginning
    kAnswers,  // to each request of `answers` its answer, in the order of what comes
  };
  Kind kind;
  std::string text{};
  std::vector<std::pair<std::string, std::string>> answers{};
};
inline Act Expect(std::string text) { return {Act::Kind::kExpect, std::move(text)}; }
inline Act Send(std::string text) { return {Act::Kind::kSend, std::move(text)}; }
inline Act Drip(std::string text) { return {Act::Kind::kDrip, std::move(text)}; }
inline Act Endless(std::string text) { return {Act::Kind::kEndless, std::move(text)}; }
inline Act Tls(std::string certificate) { return {Act::Kind::kTls, std::move(certificate)}; }
inline Act Hang() { return {Act::Kind::kHang}; }
inline Act Reset() { return {Act::Kind::kReset}; }
inline Act Again() { return {Act::Kind::kAgain}; }
inline Act Answers(std::vector<std::pair<std::string, std::string>> answers) {
  return {Act::Kind::kAnswers, {}, std::move(answers)};
}

/// Listens until it is destroyed.
class ScriptedServer {
 public:
  /// On 127.0.0.1 and a port of the kernel's choice, or on the unix socket `path`.
  explicit ScriptedServer(std::vector<Act> script, std::string path = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string Url(std::string_view scheme = "http") const;
  int connections() const;
  /// Everything received so far, of all connections.
  std::string received() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
};

/// A port on 127.0.0.1 that nobody listens on.
std::uint16_t DeadPort();

/// tests/collectors/net/certs/NAME
std::string CertificateFile(std::string_view name);

}  // namespace tocsin::net
