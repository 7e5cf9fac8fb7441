#pragma once
// A message as the templates of receivers see it.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "notify/alert.h"
#include "rules/template/alertmanager.h"
#include "rules/template/template.h"

namespace tocsin::notify {

/// How values are escaped in what is expanded; a template's own text is left as it is.
enum class ValueEscaping {
  kNone,
  kHtml,
  kSlack,  // & < > as entities, so that a label can neither mention nor link
};

/// The labels that all of `alerts` share with one value.
Labels CommonLabels(std::span<const Alert> alerts);
Labels CommonAnnotations(std::span<const Alert> alerts);

class Rendering {
 public:
  struct Options {
    std::string_view external_url;
    std::size_t max_alerts = 0;  // 0: all of them
    ValueEscaping escaping = ValueEscaping::kNone;
    std::string_view identity = {};  // of this host: see IncidentKey()
  };
  /// `message` and the external URL outlive it.
  Rendering(const Message& message, const Options& options, WallTime now);

  /// Never fails: where a template does, its error and a plain account of the alerts take its
  /// place, so that the page still goes out.
  std::string Expand(const tmpl::Template& text) const;
  /// The same for what a receiver refuses to have blank: then a line that names the group. (A
  /// template of common annotations is blank as soon as two alerts differ.)
  std::string ExpandRequired(const tmpl::Template& text) const;
  /// Without that care. Errors: kInvalid.
  Result<std::string> TryExpand(const tmpl::Template& text) const;

  bool firing() const { return data_.status == "firing"; }
  const tmpl::NotificationData& data() const { return data_; }
  const Message& message() const { return message_; }
  std::span<const Alert> alerts() const { return alerts_; }
  /// How many alerts max_alerts left out.
  std::size_t truncated() const { return message_.alerts.size() - alerts_.size(); }
  /// What makes it the same incident at the receiver as long as the group lives: SHA-256 in
  /// hexadecimal, of the group key as with Alertmanager, and of the host's identity. Agents of many
  /// hosts page into one service with the same routes: one must not close what another opened.
  std::string IncidentKey() const;

 private:
  std::string PlainAccount() const;

  const Message& message_;
  const Options options_;
  const WallTime now_;
  std::span<const Alert> alerts_;
  tmpl::NotificationData data_;
  tmpl::Value value_;
};

}  // namespace tocsin::notify
