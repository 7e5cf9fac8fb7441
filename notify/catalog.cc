#include "notify/catalog.h"

namespace tocsin::notify {
namespace {

constexpr ReceiverKind kCatalog[] = {
    {"alertmanager", "alertmanager_configs", true, &ReadAlertmanager, true},
    {"discord", "discord_configs", true, &ReadDiscord},
    {"email", "email_configs", false, &ReadEmail},
    {"exec", "exec_configs", true, &ReadExec},
    {"msteams", "msteams_configs", true, &ReadMsTeams},
    {"ntfy", "ntfy_configs", true, &ReadNtfy},
    {"opsgenie", "opsgenie_configs", true, &ReadOpsgenie},
    {"pagerduty", "pagerduty_configs", true, &ReadPagerduty},
    {"pushover", "pushover_configs", true, &ReadPushover},
    {"slack", "slack_configs", false, &ReadSlack},
    {"telegram", "telegram_configs", true, &ReadTelegram},
    {"webhook", "webhook_configs", true, &ReadWebhook},
};

constexpr std::string_view kUnsupported[] = {"sns_configs", "victorops_configs", "webex_configs",
                                             "wechat_configs"};

}  // namespace

std::span<const ReceiverKind> ReceiverCatalog() { return kCatalog; }
std::span<const std::string_view> UnsupportedReceiverKeys() { return kUnsupported; }

}  // namespace tocsin::notify
