#pragma once
// Taking alerts on: for `tocsin ack`, and for people who follow the link in a page.

#include "agent/http/request.h"
#include "base/clock.h"
#include "notify/service.h"

namespace tocsin::api {

/// GET /api/v1/acknowledgements: the groups that alerts are paged in, those that fire first, with
/// who has acknowledged them.
/// POST, as JSON {"group": KEY, "matchers": ["alertname=X"], "by": "…", "comment": "…"}:
/// acknowledges the group of that key, or every group in which an alert fires that matches. With
/// "undo": true it takes acknowledgements back instead. Answers with those groups; 404 if there is
/// none, 400 for a body that is not such.
http::Response Acknowledgements(notify::Notifications& notifications, const http::Request& request);

/// /acknowledge: the link in a page. GET shows what fires and asks, so that no mail scanner or link
/// preview acknowledges anything; POST does it, or with undo=1 takes it back. 403 for a link that
/// is not signed or too old.
http::Response AcknowledgePage(notify::Notifications& notifications, WallTime now,
                               const http::Request& request);

}  // namespace tocsin::api
