#pragma once
// A client that can be as rude as a test needs: it sends bytes, not requests.

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::http {

struct Reply {
  int status = 0;    // 0: the connection ended before a whole response came
  std::string head;  // with the status line
  std::string body;

  /// The value of a header, or empty. `name` as the server spells it.
  std::string Header(std::string_view name) const;
};

class Client {
 public:
  /// Connects to "127.0.0.1:PORT", "[::1]:PORT" or "unix:/path". `receive_buffer` bytes, if not 0,
  /// are all that the kernel takes for us.
  explicit Client(const std::string& address, int receive_buffer = 0);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return socket_; }
  /// False when the server has closed the connection.
  bool Send(std::string_view bytes);
  void FinishSending() { shutdown(socket_, SHUT_WR); }
  /// Closing it then tells the server at once.
  void Reset();
  /// The next response. For one to HEAD, `bodiless`.
  Reply Read(bool bodiless = false);
  Reply Ask(std::string_view bytes) {
    Send(bytes);
    return Read();
  }
  /// Whether the server ends the connection, with nothing more to read.
  bool Ended();
  /// Waits until the server sends or ends, for that long at most.
  bool WaitReadable(int milliseconds);

 private:
  bool Fill();

  int socket_;
  bool connected_ = false;
  std::string buffer_;
};

/// GET of that path, keeping the connection.
std::string Get(std::string_view path, std::string_view more_headers = "");

}  // namespace tocsin::http
