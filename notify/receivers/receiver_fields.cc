#include "notify/receivers/receivers.h"

namespace tocsin::notify {

Result<tmpl::Template> ReceiverFields::Parse(const YamlNode* node, std::string_view text) {
  tmpl::ParseOptions options;
  options.functions = &tmpl::AlertmanagerFunctions();
  options.library = &context_.templates;
  auto parsed = tmpl::Template::Parse(text, options);
  if (!parsed) return file().At(node ? *node : fields_.node(), parsed.error().message());
  return parsed;
}

Result<tmpl::Template> ReceiverFields::Text(std::string_view key, std::string_view fallback) {
  const YamlNode* node = fields_.Find(key);
  if (!node) return Parse(nullptr, fallback);
  const auto parsed = [&]() -> Result<tmpl::Template> {
    TRY_ASSIGN(const std::string text, YamlString(file(), *node));
    return Parse(node, text);
  };
  auto own = parsed();
  if (own) return own;
  TRY(file().Keep(std::move(own).error()));
  return Parse(nullptr, fallback);
}

Result<std::vector<std::pair<std::string, tmpl::Template>>> ReceiverFields::Texts(
    std::string_view key) {
  std::vector<std::pair<std::string, tmpl::Template>> texts;
  const YamlNode* map = fields_.Find(key);
  if (!map) return texts;
  if (!map->IsMap()) return file().At(*map, std::string(key) + " is a map of names to texts");
  const auto add = [&](const std::string& name, const YamlNode& value) -> Status {
    TRY_ASSIGN(const std::string text, YamlString(file(), value));
    TRY_ASSIGN(tmpl::Template parsed, Parse(&value, text));
    texts.emplace_back(name, std::move(parsed));
    return Unit{};
  };
  for (const auto& [name, value] : map->entries) TRY(file().Keep(add(name->scalar, *value)));
  return texts;
}

Result<Secret> ReceiverFields::ReadSecret(std::string_view key) {
  return notify::ReadSecret(fields_, key, context_.inline_secrets);
}

Result<Secret> ReceiverFields::RequireSecret(std::string_view key) {
  TRY_ASSIGN(Secret secret, ReadSecret(key));
  if (secret.empty()) {
    return fields_.Missing(key, "this receiver needs \"" + std::string(key) + "\" or \"" +
                                    std::string(key) + "_file\"");
  }
  return secret;
}

Result<Secret> ReceiverFields::RequireAddress(std::string_view key) {
  const YamlNode* node = fields_.node().Find(key);
  if (!node || !node->IsScalar() || node->scalar.starts_with("${")) return RequireSecret(key);
  TRY_ASSIGN(const std::string url, Url(key, ""));
  if (fields_.Find(std::string(key) + "_file")) return RequireSecret(key);  // says: not both
  if (context_.inline_secrets == InlineSecrets::kRefused && HasPassword(url)) {
    return file().At(*node,
                     "a password does not belong in this file: use basic_auth with "
                     "password_file");
  }
  return Secret::Literal(url);
}

Result<HttpConfig> ReceiverFields::Http() {
  const YamlNode* node = fields_.Find("http_config");
  if (!node) return context_.global.http;
  return ReadHttpConfig(file(), *node, context_.inline_secrets);
}

Result<std::string> ReceiverFields::Plain(std::string_view key, std::string_view fallback) {
  return fields_.Read(key, YamlString, fallback);
}

Result<bool> ReceiverFields::Flag(std::string_view key, bool fallback) {
  return fields_.Read(key, YamlBool, fallback);
}

Result<std::string> ReceiverFields::Url(std::string_view key, std::string_view fallback) {
  const YamlNode* node = fields_.Find(key);
  if (!node) return std::string(fallback);
  TRY_ASSIGN(std::string url, YamlString(file(), *node));
  if (Status good = CheckHttpUrl(file(), *node, url); !good) {
    TRY(file().Keep(std::move(good)));
    return std::string(fallback);
  }
  return url;
}

Result<std::vector<const YamlNode*>> ReceiverFields::List(std::string_view key) {
  std::vector<const YamlNode*> elements;
  const YamlNode* list = fields_.Find(key);
  if (!list) return elements;
  if (!list->IsSequence()) return file().At(*list, std::string(key) + " is a list");
  for (const YamlNode::Ptr& item : list->items) elements.push_back(item.get());
  return elements;
}

}  // namespace tocsin::notify
