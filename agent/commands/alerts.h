#pragma once
// For the person on call: tocsin alerts, ack, silence. All speak with a running agent and return
// the exit status: 0, 1 when what was asked for failed, 2 when it was asked wrongly.

#include <optional>
#include <string>
#include <vector>

namespace tocsin {

struct AlertArguments {
  std::string url = "http://127.0.0.1:9909";
  /// alertname=X, or X alone for that.
  std::vector<std::string> matchers;
  std::optional<std::string> group;  // ack: a group key instead
  bool undo = false;                 // ack: take it back
  std::string by;                    // who; the user's name where nothing is said
  std::string comment;
  std::string duration = "1h";   // silence add
  std::vector<std::string> ids;  // silence expire
  bool with_expired = false;     // silence list
  bool json = false;
};

/// Alerts that are pending or firing, and what becomes of them.
int ListAlerts(const AlertArguments& arguments);
/// Acknowledges the groups in which alerts fire that match, or takes that back.
int AcknowledgeAlerts(const AlertArguments& arguments);

int AddSilence(const AlertArguments& arguments);
int ListSilences(const AlertArguments& arguments);
int ExpireSilences(const AlertArguments& arguments);

}  // namespace tocsin
