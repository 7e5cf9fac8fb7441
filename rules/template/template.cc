#include "rules/template/template.h"

#include "rules/template/ast.h"
#include "rules/template/execution.h"
#include "rules/template/parser.h"
#include "rules/template/prometheus_types.h"

namespace tocsin::tmpl {
namespace {

constexpr std::pair<std::string_view, std::string_view> kAlertVariables[] = {
    {"$labels", "Labels"},
    {"$externalLabels", "ExternalLabels"},
    {"$externalURL", "ExternalURL"},
    {"$value", "Value"}};

/// An empty definition does not replace another.
void AddTree(TreeMap& trees, const CompiledSet* base, std::shared_ptr<const Tree> tree) {
  const auto own = trees.find(tree->name);
  const bool known = own != trees.end() || (base && base->Find(tree->name));
  if (known && tree->IsEmpty()) return;
  trees.insert_or_assign(tree->name, std::move(tree));
}

std::string Explained(const Error& error, std::string_view source) {
  std::string text = "<error expanding template: " + error.message() + ">";
  if (!source.empty()) text.append(" ").append(source);
  return text;
}

}  // namespace

Result<Library> Library::Parse(std::span<const File> files, const FunctionSet& functions) {
  return Library().With(files, functions);
}

Result<Library> Library::With(std::span<const File> files, const FunctionSet& functions) const {
  auto set = std::make_shared<CompiledSet>();
  if (set_) set->trees = set_->trees;
  for (const File& file : files) {
    ParseOptions options;
    options.name = file.path;
    options.functions = &functions;
    const std::string base_name = file.path.substr(file.path.rfind('/') + 1);
    TRY_ASSIGN(ParsedText parsed, ParseText(file.text, base_name, options));
    for (auto& definition : parsed.definitions) {
      AddTree(set->trees, nullptr, std::move(definition.second));
    }
    AddTree(set->trees, nullptr, std::move(parsed.main));
  }
  Library library;
  library.set_ = std::move(set);
  return library;
}

bool Library::Defines(std::string_view name) const { return set_ && set_->Find(name); }

Result<Template> Template::Parse(std::string_view text, const ParseOptions& options) {
  TRY_ASSIGN(ParsedText parsed, ParseText(text, "", options));
  auto set = std::make_shared<CompiledSet>();
  if (options.library) set->base = options.library->set_;
  for (auto& definition : parsed.definitions) {
    AddTree(set->trees, set->base.get(), std::move(definition.second));
  }
  set->root = std::move(parsed.main);
  for (const auto& [name, field] : options.variables) set->variables.emplace_back(name, field);
  Template result;
  result.set_ = std::move(set);
  return result;
}

Result<std::string> Template::Execute(const Value& data, const Environment& environment) const {
  return Execution(*set_, environment).Run(data);
}

bool Template::IsPlain() const {
  const std::vector<Node>& nodes = set_->root->nodes;
  return nodes.empty() || (nodes.size() == 1 && nodes[0].kind == NodeKind::kText &&
                           nodes[0].text.size() == set_->root->source->size());
}

Result<AlertText> AlertText::Parse(std::string_view text, std::string_view name) {
  ParseOptions options;
  options.name = name;
  options.functions = &PrometheusFunctions();
  options.variables = kAlertVariables;
  AlertText result;
  TRY_ASSIGN(result.template_, Template::Parse(text, options));
  result.source_ = std::make_shared<const std::string>(text);
  return result;
}

Result<std::string> AlertText::Expand(const AlertTextData& data,
                                      const Environment& environment) const {
  if (IsPlain()) return *source_;
  const Value value =
      Value::Struct({{"Labels", Value::Of(data.labels)},
                     {"ExternalLabels", Value::Of(data.external_labels)},
                     {"ExternalURL", Value::String(std::string(environment.external_url))},
                     {"Value", Value::Float(data.value)}},
                    kAlertDataType);
  return template_.Execute(value, environment);
}

std::string AlertText::ExpandOrExplain(const AlertTextData& data,
                                       const Environment& environment) const {
  Result<std::string> text = Expand(data, environment);
  return text ? *std::move(text) : Explained(text.error(), *source_);
}

std::string ExpandAlertText(std::string_view text, std::string_view name, const AlertTextData& data,
                            const Environment& environment) {
  const Result<AlertText> parsed = AlertText::Parse(text, name);
  return parsed ? parsed->ExpandOrExplain(data, environment) : Explained(parsed.error(), text);
}

}  // namespace tocsin::tmpl
