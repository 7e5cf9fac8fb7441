#pragma once
// What each file of this folder provides. Adding a receiver: one file here with its Read function,
// one line in notify/catalog.cc, one in CMakeLists.txt.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/outgoing/http_config.h"
#include "base/result.h"
#include "base/yaml.h"
#include "notify/notifier.h"
#include "notify/rendering.h"
#include "rules/template/template.h"

namespace tocsin::notify {

/// The `global` section: what receivers use where they say nothing themselves.
struct GlobalSettings {
  HttpConfig http;
  std::string smtp_smarthost;
  std::string smtp_from;
  std::string smtp_hello = "localhost";
  std::string smtp_user;
  Secret smtp_password;
  Secret smtp_secret;
  bool smtp_require_tls = true;
  Secret slack_url;
  std::string pagerduty_url = "https://events.pagerduty.com/v2/enqueue";
  Secret opsgenie_key;
  std::string opsgenie_url = "https://api.opsgenie.com/";
  std::string telegram_url = "https://api.telegram.org";
};

/// What a receiver is read with. Outlives the reading, not the receiver.
struct ReceiverContext {
  const GlobalSettings& global;
  const tmpl::Library& templates;
  InlineSecrets inline_secrets = InlineSecrets::kRefused;
  std::string external_url;
  std::string identity = {};  // of this host, as text; empty: none
};

/// The keys of one receiver, read. Errors of all: kInvalid with position.
class ReceiverFields {
 public:
  ReceiverFields(YamlFields& fields, const ReceiverContext& context)
      : fields_(fields), context_(context) {}

  YamlFields& fields() { return fields_; }
  const YamlFile& file() const { return fields_.file(); }
  const ReceiverContext& context() const { return context_; }

  /// A text that is a template.
  Result<tmpl::Template> Text(std::string_view key, std::string_view fallback);
  /// A map of names to texts that are templates.
  Result<std::vector<std::pair<std::string, tmpl::Template>>> Texts(std::string_view key);
  Result<tmpl::Template> Parse(const YamlNode* node, std::string_view text);
  Result<Secret> ReadSecret(std::string_view key);
  /// The same, or an error if the key is not there.
  Result<Secret> RequireSecret(std::string_view key);
  /// An address that need not be secret and may stand in the file, but not with a password in it.
  Result<Secret> RequireAddress(std::string_view key);
  Result<HttpConfig> Http();
  Result<std::string> Plain(std::string_view key, std::string_view fallback);
  Result<bool> Flag(std::string_view key, bool fallback);
  /// A URL that is no secret.
  Result<std::string> Url(std::string_view key, std::string_view fallback);
  /// The elements of the list under `key`; none if it is absent.
  Result<std::vector<const YamlNode*>> List(std::string_view key);

 private:
  YamlFields& fields_;
  const ReceiverContext& context_;
};

/// One Prometheus Alertmanager, by its v2 API. `url` is its address without /api/v2/alerts.
/// Up to 64 messages go into one request.
std::unique_ptr<Notifier> MakeAlertmanager(Secret url, HttpConfig http);

/// Alertmanager's webhook payload, version 4.
std::string WebhookBody(const Rendering& rendering);

// Each reads the keys of one element of its NAME_configs, but send_resolved.
using ReadReceiver = Result<std::unique_ptr<Notifier>> (*)(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadAlertmanager(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadDiscord(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadEmail(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadExec(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadMsTeams(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadNtfy(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadOpsgenie(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadPagerduty(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadPushover(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadSlack(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadTelegram(ReceiverFields& fields);
Result<std::unique_ptr<Notifier>> ReadWebhook(ReceiverFields& fields);

}  // namespace tocsin::notify
