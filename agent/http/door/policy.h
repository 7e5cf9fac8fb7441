#pragma once
// What a web configuration file asks of the door, as the door sees it: TLS, logins, headers.

#include <cstddef>
#include <memory>
#include <string_view>

#include "agent/http/request.h"

namespace tocsin::http {

/// The bytes of one connection behind TLS. The socket is non-blocking and not owned.
class SecureStream {
 public:
  enum class Step { kDone, kWantRead, kWantWrite, kEnded };

  virtual ~SecureStream() = default;
  virtual Step Handshake() = 0;
  /// kDone: `size` bytes were read or written.
  virtual Step Read(char* data, std::size_t room, std::size_t& size) = 0;
  virtual Step Write(std::string_view bytes, std::size_t& size) = 0;
  /// Whether bytes can be read that the socket no longer holds.
  virtual bool HasPending() const = 0;
  /// Tells the other side that nothing more comes; best effort.
  virtual void SayGoodbye() = 0;
};

class Policy {
 public:
  enum class Verdict {
    kPass,
    kRefuse,   // no login, or none that could be right
    kTooMany,  // too many requests
    kCheck     // CheckLogin must say; it takes a while
  };

  virtual ~Policy() = default;

  /// Reads again what has changed on disk. The door's thread, at most once a second.
  virtual void Refresh() = 0;
  /// Whether connections begin with a handshake; never changes.
  virtual bool secure() const = 0;
  /// For a new connection; null when there is no memory for it. The door's thread.
  virtual std::unique_ptr<SecureStream> Secure(int socket) = 0;

  /// Whether that request may be served. Once a request, before its body; quick; the door's thread.
  virtual Verdict Judge(const Request& request) = 0;
  /// After kCheck. Called by one worker at a time.
  virtual bool CheckLogin(const Request& request) = 0;
  /// What is answered instead: for kRefuse, also after CheckLogin, and kTooMany. Any thread.
  virtual Response Refusal(Verdict verdict) const = 0;
  /// Adds the configured headers. The door's thread.
  virtual void Decorate(Response& response) const = 0;
};

}  // namespace tocsin::http
