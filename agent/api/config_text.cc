#include <algorithm>
#include <array>
#include <string>

#include "agent/api/status.h"
#include "base/utf8.h"

namespace tocsin::api {
namespace {

constexpr std::string_view kHidden = "<secret>";

/// Parts of keys whose values are never shown. Keys that end in _file name a file, which is shown.
constexpr std::array<std::string_view, 10> kSecretKeys{
    "password", "secret", "token",   "credentials", "api_key",
    "apikey",   "bearer", "api_url", "_key",        "authorization"};

bool IsSecretKey(std::string_view written) {
  std::string key(written);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (key.ends_with("_file")) return false;
  return std::any_of(kSecretKeys.begin(), kSecretKeys.end(), [&](std::string_view part) {
    return key.find(part) != std::string_view::npos;
  });
}

/// "scheme://user:password@host" with the password hidden.
std::string WithoutUrlPassword(const std::string& text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const auto host = text.find('@', scheme);
  const auto colon = text.find(':', scheme + 3);
  if (host == std::string::npos || colon == std::string::npos || colon > host) return text;
  return text.substr(0, colon + 1) + std::string(kHidden) + text.substr(host);
}

void Indent(int depth, std::string& out) { out.append(static_cast<std::size_t>(depth) * 2, ' '); }

/// A secret's value, whatever its shape, is one <secret>.
void WriteNode(const YamlNode& node, bool secret, int depth, std::string& out) {
  if (node.IsNull()) {
    out += " null\n";
  } else if (secret) {
    out.append(" ").append(kHidden).append("\n");
  } else if (node.IsScalar()) {
    out += ' ';
    const std::string text = WithoutUrlPassword(node.scalar);
    const bool plain = !node.quoted && !text.empty() &&
                       text.find_first_of(":#{}[],&*!|>'\"%@`\n\t") == std::string::npos;
    if (plain) {
      out += text;
    } else {
      AppendJsonString(text, out);
    }
    out += '\n';
  } else if (node.IsSequence()) {
    out += node.items.empty() ? " []\n" : "\n";
    for (const auto& item : node.items) {
      Indent(depth, out);
      out += "-";
      WriteNode(*item, false, depth + 1, out);
    }
  } else {
    out += node.entries.empty() ? " {}\n" : "\n";
    for (const auto& [key, value] : node.entries) {
      Indent(depth, out);
      out += key->scalar;
      out += ':';
      WriteNode(*value, IsSecretKey(key->scalar), depth + 1, out);
    }
  }
}

}  // namespace

std::string ConfigText(const YamlFile& file) {
  if (file.root->IsNull()) return "";
  std::string out;
  WriteNode(*file.root, false, 0, out);
  // The root begins on a line of its own.
  return out.starts_with('\n') ? out.substr(1) : out;
}

}  // namespace tocsin::api
