#include "collectors/response/probe/module_source.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/json.h"

namespace tocsin::probe {
namespace {

bool IsSecret(std::string_view key) {
  constexpr std::array<std::string_view, 8> kSecrets{
      "password",      "bearer_token",        "credentials", "client_secret",
      "authorization", "proxy-authorization", "cookie",      "proxy_url"};
  return std::any_of(kSecrets.begin(), kSecrets.end(),
                     [&](std::string_view secret) { return EqualsIgnoringCase(key, secret); });
}

void Append(const YamlNode& node, std::size_t indent, std::string& out);

void AppendScalar(const YamlNode& node, std::string& out) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  const bool plain = !node.quoted && !node.scalar.empty() && !node.scalar.starts_with('-') &&
                     node.scalar.find_first_not_of(kPlain) == std::string::npos;
  if (plain) {
    out += node.scalar;
  } else {
    JsonWriter(out).String(node.scalar);  // which is YAML too
  }
}

void AppendEntry(const YamlNode& key, const YamlNode& value, std::size_t indent, std::string& out) {
  AppendScalar(key, out);
  out += ':';
  if (value.IsScalar() && IsSecret(key.scalar)) {
    out += " <secret>\n";
  } else {
    Append(value, indent, out);
  }
}

/// What follows "key:" or "-", up to and with the end of the line.
void Append(const YamlNode& node, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      out += '\n';
      return;
    case YamlNode::Kind::kScalar:
      out += ' ';
      AppendScalar(node, out);
      out += '\n';
      return;
    case YamlNode::Kind::kSequence:
      out += '\n';
      for (const YamlNode::Ptr& item : node.items) {
        out += margin + "-";
        Append(*item, indent + 2, out);
      }
      return;
    case YamlNode::Kind::kMap:
      out += '\n';
      for (const auto& [key, value] : node.entries) {
        out += margin;
        AppendEntry(*key, *value, indent + 2, out);
      }
      return;
  }
}

}  // namespace

std::string ModuleSource(const YamlNode& module) {
  std::string out;
  Append(module, 0, out);
  return out.starts_with('\n') ? out.substr(1) : out;
}

}  // namespace tocsin::probe
