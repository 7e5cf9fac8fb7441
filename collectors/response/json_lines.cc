#include "collectors/response/json_lines.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

namespace dom = simdjson::dom;
static_assert(kLinePadding >= simdjson::SIMDJSON_PADDING);

/// The wanted fields as a tree, one node an object's key.
struct Node {
  std::string key;
  AccessField field = AccessField::kSkip;
  std::vector<Node> children;
};

Status AddTo(Node& root, std::string_view path, AccessField field) {
  Node* node = &root;
  while (true) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const std::string key(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
    auto found = std::find_if(node->children.begin(), node->children.end(),
                              [&](const Node& child) { return child.key == key; });
    if (found == node->children.end()) {
      found = node->children.insert(found, Node{key, AccessField::kSkip, {}});
    }
    node = &*found;
    if (path.empty()) break;
    if (node->field != AccessField::kSkip) {
      return Error{Errc::kInvalid, "\"" + key + "\" is wanted itself"};
    }
  }
  if (node->field != AccessField::kSkip || !node->children.empty()) {
    return Error{Errc::kInvalid, "\"" + node->key + "\" is wanted twice"};
  }
  node->field = field;
  return Unit{};
}

class JsonParser final : public AccessLineParser {
 public:
  explicit JsonParser(Node root) : root_(std::move(root)) {}

  LineProblem Parse(std::string_view line, AccessRecord& record) override {
    record = {};
    // Not on demand: that has no SIMD unless all of the program is compiled for newer processors.
    dom::object object;
    if (parser_.parse(line.data(), line.size(), kPadded).get(object)) return LineProblem::kFormat;
    const LineProblem problem = Visit(root_, object, record);
    if (problem != LineProblem::kNone) return problem;
    return record.status == 0 ? LineProblem::kStatus : LineProblem::kNone;
  }

 private:
  static constexpr bool kPadded = false;  // the parser need not copy the line

  static const Node* Find(const Node& node, std::string_view key) {
    for (const Node& child : node.children) {
      if (child.key == key) return &child;
    }
    return nullptr;
  }

  // As deep as the wanted paths are.
  static LineProblem Visit(const Node& node, dom::object object, AccessRecord& record) {
    for (const dom::key_value_pair field : object) {
      const Node* const wanted = Find(node, field.key);
      if (!wanted) continue;
      LineProblem problem = LineProblem::kNone;
      if (wanted->children.empty()) {
        problem = Set(wanted->field, field.value, record);
      } else if (dom::object inner; !field.value.get(inner)) {
        problem = Visit(*wanted, inner, record);
      }
      if (problem != LineProblem::kNone) return problem;
    }
    return LineProblem::kNone;
  }

  /// What is neither text nor number is as if it were not there.
  static LineProblem Set(AccessField field, dom::element value, AccessRecord& record) {
    if (std::string_view text; !value.get(text)) return SetAccessField(field, text, record);
    if (double number = 0; !value.get(number)) return SetAccessNumber(field, number, record);
    return LineProblem::kNone;
  }

  const Node root_;
  dom::parser parser_;
};

}  // namespace

std::vector<JsonField> CaddyFields() {
  return {{"request.method", AccessField::kMethod},
          {"request.uri", AccessField::kTarget},
          {"status", AccessField::kStatus},
          {"size", AccessField::kBytes},
          {"duration", AccessField::kSeconds}};
}

std::vector<JsonField> NginxJsonFields() {
  return {{"request_method", AccessField::kMethod},
          {"request_uri", AccessField::kTarget},
          {"status", AccessField::kStatus},
          {"body_bytes_sent", AccessField::kBytes},
          {"request_time", AccessField::kSeconds}};
}

Result<std::unique_ptr<AccessLineParser>> MakeJsonParser(const std::vector<JsonField>& fields) {
  Node root;
  for (const JsonField& field : fields) TRY(AddTo(root, field.path, field.field));
  return std::unique_ptr<AccessLineParser>(std::make_unique<JsonParser>(std::move(root)));
}

}  // namespace tocsin
