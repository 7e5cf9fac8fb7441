
#include "notify/receivers/receivers.h"
#include "notify/text.h"

namespace tocsin::notify {
namespace {

constexpr int kTemporaryFailure = 75;  // sysexits.h, EX_TEMPFAIL
constexpr int kSignalled = 128;

/// Runs a program with the webhook payload on its stdin:
///     exec_configs: [{ command: /usr/local/bin/page, args: [--team, db], timeout: 10s }]
/// Exit 0 is delivered; 75, a signal or no end in time is tried again; anything else is rejected.
class Exec final : public Notifier {
 public:
  std::string program;
  std::vector<std::string> arguments;
  milliseconds timeout{15'000};
  std::string external_url;

  Result<Request> Render(std::span<const Message> batch, WallTime now) const override {
    const Rendering rendering(batch[0], {external_url}, now);
    ExecRequest request;
    request.program = program;
    request.arguments = arguments;
    request.timeout = timeout;
    request.input = WebhookBody(rendering);
    request.environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                           "TOCSIN_STATUS=" + rendering.data().status,
                           "TOCSIN_RECEIVER=" + rendering.data().receiver,
                           "TOCSIN_GROUP_KEY=" + rendering.message().group.key};
    // A NUL would cut the variable short.
    for (std::string& variable : request.environment) std::erase(variable, '\0');
    return Request(std::move(request));
  }

  Verdict Judge(const Result<Answer>& answer, WallTime) const override {
    if (!answer) return JudgeError(answer.error());
    if (answer->status == 0) return {};
    const std::string detail =
        "exit status " + std::to_string(answer->status) + ": " + OneLine(answer->body, 200);
    const bool again = answer->status == kTemporaryFailure || answer->status > kSignalled;
    return {again ? Verdict::Kind::kRetry : Verdict::Kind::kRejected, {}, "exit_status", detail};
  }
};

}  // namespace

Result<std::unique_ptr<Notifier>> ReadExec(ReceiverFields& fields) {
  auto exec = std::make_unique<Exec>();
  TRY_ASSIGN(exec->program, fields.fields().ReadRequired("command", YamlString));
  if (!exec->program.starts_with('/')) {
    return fields.file().At(*fields.fields().Find("command"),
                            "command must be an absolute path: no PATH is searched and no shell "
                            "is run");
  }
  TRY_ASSIGN(exec->arguments,
             fields.fields().Read("args", YamlStrings, std::vector<std::string>{}));
  TRY_ASSIGN(exec->timeout, fields.fields().Read("timeout", YamlDuration, exec->timeout));
  exec->external_url = fields.context().external_url;
  return std::unique_ptr<Notifier>(std::move(exec));
}

}  // namespace tocsin::notify
