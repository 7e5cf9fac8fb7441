#include "tests/collectors/fixture_server.h"

#include <gtest/gtest.h>

#include <sstream>

#include "collectors/net/resp.h"
#include "tests/collectors/fixture.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using Answer = std::pair<std::string, std::string>;

std::string AsCommand(const std::string& words) {
  std::vector<std::string> split;
  std::istringstream text(words);
  for (std::string word; text >> word;) split.push_back(word);
  const std::vector<std::string_view> views(split.begin(), split.end());
  std::string command;
  net::AppendCommand(views, command);
  return command;
}

Answer MakeAnswer(const std::string& kind, const std::string& request, const std::string& body) {
  std::string crlf;
  for (const char c : body) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto size = [](const std::string& text) { return std::to_string(text.size()); };
  if (kind == "line") return {request + "\r\n", crlf};
  if (kind == "resp") return {AsCommand(request), crlf};
  if (kind == "bulk") return {AsCommand(request), "$" + size(crlf) + "\r\n" + crlf + "\r\n"};
  if (kind == "http") {
    return {request + " HTTP/1.1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: " + size(body) + "\r\n\r\n" + body};
  }
  ADD_FAILURE() << "serve: unknown kind " << kind;
  return {request, body};
}

std::vector<Answer> ReadAnswers(const fs::path& path) {
  std::vector<Answer> answers;
  std::istringstream text(ReadTextFile(path));
  std::string kind;
  std::string request;
  std::string body;
  const auto end_block = [&] {
    if (!kind.empty()) answers.push_back(MakeAnswer(kind, request, body));
    body.clear();
  };
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("=== ")) {
      body += line + "\n";
      continue;
    }
    end_block();
    const auto blank = line.find(' ', 4);
    kind = line.substr(4, blank - 4);
    request = line.substr(blank + 1);
  }
  end_block();
  return answers;
}

}  // namespace

std::vector<std::unique_ptr<net::ScriptedServer>> StartFixtureServers(const fs::path& root) {
  std::vector<std::unique_ptr<net::ScriptedServer>> servers;
  if (!fs::exists(root / "serve")) return servers;
  for (const auto& file : fs::directory_iterator(root / "serve")) {
    servers.push_back(std::make_unique<net::ScriptedServer>(
        std::vector<net::Act>{net::Answers(ReadAnswers(file.path()))},
        (root / file.path().filename()).string()));
  }
  return servers;
}

}  // namespace tocsin
