#include "notify/route/route.h"

#include <algorithm>

namespace tocsin::notify {
namespace {

Status AppendMatcher(const YamlFile& file, const YamlNode& node, Result<Matcher> matcher,
                     Matchers& matchers) {
  if (!matcher) return file.At(node, matcher.error().message());
  matchers.push_back(*std::move(matcher));
  return Unit{};
}

Status ReadMatch(YamlFields& fields, const std::string& key, MatchOp op, Matchers& matchers) {
  const YamlNode* map = fields.Find(key);
  if (!map) return Unit{};
  const YamlFile& file = fields.file();
  if (!map->IsMap()) return file.At(*map, key + " is a map of label names to values");
  for (const auto& [name, value] : map->entries) {
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    if (op == MatchOp::kRegex) text = "^(?:" + text + ")$";
    TRY(file.Keep(AppendMatcher(file, *value, Matcher::Make(op, name->scalar, text), matchers)));
  }
  return Unit{};
}

Status ReadGroupBy(const YamlFile& file, const YamlNode& node, Route& route) {
  TRY_ASSIGN(std::vector<std::string> names, YamlStrings(file, node));
  if (names.empty()) return Unit{};  // as if it were not there
  route.group_by_all = false;
  if (std::find(names.begin(), names.end(), "...") != names.end()) {
    if (names.size() > 1)
      return file.At(node, "group_by has \"...\", so nothing else may stand there");
    route.group_by_all = true;
    route.group_by.clear();
    return Unit{};
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return file.At(node, "group_by has \"" + *twice + "\" twice");
  route.group_by = std::move(names);
  return Unit{};
}

/// `into` is what the parent has.
Status ReadPositiveDuration(YamlFields& fields, std::string_view key, milliseconds& into) {
  const YamlNode* node = fields.Find(key);
  if (!node) return Unit{};
  TRY_ASSIGN(into, YamlDuration(fields.file(), *node));
  if (into <= milliseconds(0)) {
    return fields.file().At(*node, std::string(key) + " cannot be zero");
  }
  return Unit{};
}

Status ReadIntervalNames(YamlFields& fields, const std::string& key, const Route* parent,
                         std::vector<std::string>& names) {
  const YamlNode* list = fields.Find(key);
  if (!list) return Unit{};
  TRY_ASSIGN(names, YamlStrings(fields.file(), *list));
  if (!parent && !names.empty()) {
    return fields.file().At(*list, "the root route takes every alert: it can have no " + key);
  }
  return Unit{};
}

///     escalate: [ { after: 15m, receiver: second }, { after: 1h, receiver: boss } ]
Result<std::vector<EscalationStep>> ReadEscalation(const YamlFile& file, const YamlNode& list) {
  std::vector<EscalationStep> steps;
  if (!list.IsSequence()) return file.At(list, "escalate is a list");
  TRY(ReadItems(file, list, [&](const YamlNode& node) -> Status {
    YamlFields fields(file, node, "escalation step");
    EscalationStep step;
    TRY_ASSIGN(step.after, fields.ReadRequired("after", YamlDuration));
    TRY_ASSIGN(step.receiver, fields.ReadRequired("receiver", YamlString));
    TRY(fields.Finish());
    if (!steps.empty() && step.after < steps.back().after) {
      return file.At(node, "escalation steps stand by rising time");
    }
    steps.push_back(std::move(step));
    return Unit{};
  }));
  return steps;
}

/// What was read before an error stays in `route`.
Status ReadNode(const YamlFile& file, const YamlNode& node, const Route* parent, Route& route) {
  YamlFields fields(file, node, "route");
  if (parent) {
    route.receiver = parent->receiver;
    route.group_by = parent->group_by;
    route.group_by_all = parent->group_by_all;
    route.group_wait = parent->group_wait;
    route.group_interval = parent->group_interval;
    route.repeat_interval = parent->repeat_interval;
    route.escalate = parent->escalate;
  }
  TRY_ASSIGN(route.receiver, fields.Read("receiver", YamlString, route.receiver));
  if (const YamlNode* names = fields.Find("group_by")) {
    TRY(file.Keep(ReadGroupBy(file, *names, route)));
  }
  TRY_ASSIGN(route.group_wait, fields.Read("group_wait", YamlDuration, route.group_wait));
  TRY(file.Keep(ReadPositiveDuration(fields, "group_interval", route.group_interval)));
  TRY(file.Keep(ReadPositiveDuration(fields, "repeat_interval", route.repeat_interval)));
  TRY_ASSIGN(route.escalate, fields.Read("escalate", ReadEscalation, route.escalate));
  TRY_ASSIGN(route.continue_matching, fields.Read("continue", YamlBool, false));
  TRY(file.Keep(
      ReadIntervalNames(fields, "mute_time_intervals", parent, route.mute_time_intervals)));
  TRY(file.Keep(
      ReadIntervalNames(fields, "active_time_intervals", parent, route.active_time_intervals)));
  TRY_ASSIGN(route.matchers, ReadMatchers(fields, ""));
  if (!parent && !route.matchers.empty()) {
    return file.At(node, "the root route takes every alert: it can have no matchers");
  }
  if (route.receiver.empty()) {
    return fields.Missing("receiver", "the root route needs a receiver");
  }
  route.key = (parent ? parent->key + "/" : "") + MatchersText(route.matchers);
  const YamlNode* children = fields.Find("routes");
  TRY(fields.Finish());
  if (!children) return Unit{};
  if (!children->IsSequence()) return file.At(*children, "routes is a list");
  // A bad one too: routes and their nodes stand in the same order.
  return ReadItems(file, *children, [&](const YamlNode& child) {
    return ReadNode(file, child, &route, route.routes.emplace_back());
  });
}

}  // namespace

Labels Route::GroupLabels(const Labels& labels) const {
  if (group_by_all) return labels;
  std::vector<LabelView> kept;
  for (const std::string& name : group_by) {
    if (labels.Has(name)) kept.push_back({name, labels.Get(name)});
  }
  return Labels(kept);
}

void MatchRoutes(const Route& route, const Labels& labels, std::vector<const Route*>& out) {
  if (!AllMatch(route.matchers, labels)) return;
  const std::size_t before = out.size();
  for (const Route& child : route.routes) {
    const std::size_t before_child = out.size();
    MatchRoutes(child, labels, out);
    if (out.size() > before_child && !child.continue_matching) break;
  }
  if (out.size() == before) out.push_back(&route);
}

Result<Route> ReadRoute(const YamlFile& file, const YamlNode& node) {
  Route route;
  TRY(file.Keep(ReadNode(file, node, nullptr, route)));
  return route;
}

Result<Matchers> ReadMatchers(YamlFields& fields, const std::string& prefix) {
  Matchers matchers;
  const YamlFile& file = fields.file();
  TRY(ReadMatch(fields, prefix + "match", MatchOp::kEqual, matchers));
  TRY(ReadMatch(fields, prefix + "match_re", MatchOp::kRegex, matchers));
  if (const YamlNode* list = fields.Find(prefix + "matchers")) {
    TRY_ASSIGN(const std::vector<std::string> texts, YamlStrings(file, *list));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto parsed = ParseMatchers(texts[i]);
      if (parsed) {
        matchers.insert(matchers.end(), parsed->begin(), parsed->end());
      } else {
        TRY(file.Keep(file.At(*list->items[i], parsed.error().message())));
      }
    }
  }
  SortMatchers(matchers);
  return matchers;
}

}  // namespace tocsin::notify
