#include "collectors/response/probe/module_file.h"

#include <array>

#include "collectors/response/probe/dns_names.h"
#include "collectors/response/probe/module_fields.h"
#include "collectors/response/probe/module_source.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxPayload = 65'000;
constexpr int kMaxTtl = 255;

constexpr std::array<std::pair<std::string_view, Prober>, 5> kProbers{{{"http", Prober::kHttp},
                                                                       {"tcp", Prober::kTcp},
                                                                       {"icmp", Prober::kIcmp},
                                                                       {"dns", Prober::kDns},
                                                                       {"grpc", Prober::kGrpc}}};

Result<QueryResponse> ReadStep(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "query_response");
  QueryResponse step;
  if (const YamlNode* expect = fields.Find("expect")) {
    TRY_ASSIGN(const Pattern pattern, YamlPattern(file, *expect));
    if (!pattern.text().empty()) step.expect = pattern;
  }
  TRY_ASSIGN(step.send, fields.Read("send", YamlString, ""));
  TRY_ASSIGN(step.starttls, fields.Read("starttls", YamlGoBool, false));
  TRY(fields.Finish());
  return step;
}

Result<TcpModule> ReadTcp(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "tcp probe");
  TcpModule tcp;
  TRY_ASSIGN(tcp.ip, ReadIpPreference(fields));
  TRY_ASSIGN(tcp.source_ip, ReadSourceIp(fields));
  TRY_ASSIGN(tcp.tls, fields.Read("tls", YamlGoBool, false));
  TRY_ASSIGN(tcp.tls_options, ReadTls(fields));
  const YamlNode* steps = fields.Find("query_response");
  TRY(fields.Finish());
  if (!steps) return tcp;
  if (!steps->IsSequence()) return file.At(*steps, "query_response is a list");
  for (const YamlNode::Ptr& item : steps->items) {
    TRY_ASSIGN(QueryResponse step, ReadStep(file, *item));
    tcp.steps.push_back(std::move(step));
  }
  return tcp;
}

Result<IcmpModule> ReadIcmp(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "icmp probe");
  IcmpModule icmp;
  TRY_ASSIGN(icmp.ip, ReadIpPreference(fields));
  TRY_ASSIGN(icmp.source_ip, ReadSourceIp(fields));
  TRY_ASSIGN(icmp.dont_fragment, fields.Read("dont_fragment", YamlGoBool, false));
  if (const YamlNode* payload = fields.Find("payload_size")) {
    TRY_ASSIGN(const std::int64_t bytes, YamlInt(file, *payload));
    if (bytes < 0 || static_cast<std::size_t>(bytes) > kMaxPayload) {
      return file.At(*payload, "payload_size is 0 to 65000");
    }
    icmp.payload_size = static_cast<std::size_t>(bytes);
  }
  if (const YamlNode* ttl = fields.Find("ttl")) {
    TRY_ASSIGN(const std::int64_t hops, YamlInt(file, *ttl));
    if (hops < 0 || hops > kMaxTtl) return file.At(*ttl, "ttl is 0 to 255");
    icmp.ttl = static_cast<int>(hops);
  }
  TRY(fields.Finish());
  return icmp;
}

/// A word that `find` knows, under `key`; `fallback` when it is absent or empty.
Result<std::uint16_t> ReadName(YamlFields& fields, std::string_view key,
                               std::optional<std::uint16_t> (*find)(std::string_view),
                               std::uint16_t fallback) {
  const YamlNode* node = fields.Find(key);
  if (!node) return fallback;
  TRY_ASSIGN(const std::string text, YamlString(fields.file(), *node));
  if (text.empty()) return fallback;
  const auto value = find(text);
  if (!value) return fields.file().At(*node, "unknown " + std::string(key) + " " + text);
  return *value;
}

Result<RecordRules> ReadRules(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "DNS record validator");
  RecordRules rules;
  const std::vector<Pattern> none;
  TRY_ASSIGN(rules.fail_if_matches, fields.Read("fail_if_matches_regexp", YamlPatterns, none));
  TRY_ASSIGN(rules.fail_if_all_match, fields.Read("fail_if_all_match_regexp", YamlPatterns, none));
  TRY_ASSIGN(rules.fail_if_not_matches,
             fields.Read("fail_if_not_matches_regexp", YamlPatterns, none));
  TRY_ASSIGN(rules.fail_if_none_matches,
             fields.Read("fail_if_none_matches_regexp", YamlPatterns, none));
  TRY(fields.Finish());
  return rules;
}

Result<std::vector<std::uint16_t>> YamlRcodes(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const auto names, YamlStrings(file, node));
  std::vector<std::uint16_t> rcodes;
  for (const std::string& name : names) {
    const auto rcode = FindDnsRcode(name);
    if (!rcode) return file.At(node, "unknown response code " + name);
    rcodes.push_back(*rcode);
  }
  return rcodes;
}

Result<DnsTransport> ReadTransport(YamlFields& fields) {
  const YamlNode* node = fields.Find("transport_protocol");
  const YamlNode* tls_node = fields.Find("dns_over_tls");
  std::string text;
  if (node) {
    TRY_ASSIGN(text, YamlString(fields.file(), *node));
    if (text != "udp" && text != "tcp" && !text.empty()) {
      return fields.file().At(*node, "transport_protocol is udp or tcp");
    }
  }
  bool tls = false;
  if (tls_node) {
    TRY_ASSIGN(tls, YamlGoBool(fields.file(), *tls_node));
  }
  if (tls && text != "tcp") {
    return fields.file().At(*tls_node, "dns_over_tls needs transport_protocol: tcp");
  }
  if (tls) return DnsTransport::kTls;
  return text == "tcp" ? DnsTransport::kTcp : DnsTransport::kUdp;
}

Result<DnsModule> ReadDns(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "dns probe");
  DnsModule dns;
  TRY_ASSIGN(dns.ip, ReadIpPreference(fields));
  TRY_ASSIGN(dns.source_ip, ReadSourceIp(fields));
  TRY_ASSIGN(dns.transport, ReadTransport(fields));
  TRY_ASSIGN(dns.tls, ReadTls(fields));
  TRY_ASSIGN(dns.query_name, fields.Read("query_name", YamlString, ""));
  TRY_ASSIGN(dns.query_type, ReadName(fields, "query_type", &FindDnsType, dns.query_type));
  TRY_ASSIGN(dns.query_class, ReadName(fields, "query_class", &FindDnsClass, dns.query_class));
  TRY_ASSIGN(dns.recursion_desired, fields.Read("recursion_desired", YamlGoBool, true));
  TRY_ASSIGN(dns.valid_rcodes, fields.Read("valid_rcodes", YamlRcodes, dns.valid_rcodes));
  TRY_ASSIGN(dns.answer, fields.Read("validate_answer_rrs", ReadRules, RecordRules{}));
  TRY_ASSIGN(dns.authority, fields.Read("validate_authority_rrs", ReadRules, RecordRules{}));
  TRY_ASSIGN(dns.additional, fields.Read("validate_additional_rrs", ReadRules, RecordRules{}));
  TRY(fields.Finish());
  if (dns.query_name.empty()) return file.At(node, "a dns probe needs a query_name");
  if (!IsDnsName(dns.query_name)) return file.At(node, "query_name is no domain name");
  return dns;
}

Result<GrpcModule> ReadGrpc(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "grpc probe");
  GrpcModule grpc;
  TRY_ASSIGN(grpc.service, fields.Read("service", YamlString, ""));
  TRY_ASSIGN(grpc.ip, ReadIpPreference(fields));
  TRY_ASSIGN(grpc.tls, fields.Read("tls", YamlGoBool, false));
  TRY_ASSIGN(grpc.tls_options, ReadTls(fields));
  TRY(fields.Finish());
  return grpc;
}

Result<Prober> YamlProber(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  for (const auto& [name, prober] : kProbers) {
    if (name == text) return prober;
  }
  return file.At(node, "unknown prober " + text + ": http, tcp, icmp, dns or grpc");
}

Result<std::shared_ptr<const Module>> ReadModule(const YamlFile& file, const std::string& name,
                                                 const YamlNode& node) {
  YamlFields fields(file, node, "module");
  auto module = std::make_shared<Module>();
  module->name = name;
  module->source = ModuleSource(node);
  TRY_ASSIGN(module->prober, fields.ReadRequired("prober", YamlProber));
  TRY_ASSIGN(module->timeout, fields.Read("timeout", YamlGoDuration, milliseconds(0)));
  TRY_ASSIGN(module->http, fields.Read("http", ReadHttpModule, HttpModule{}));
  TRY_ASSIGN(module->tcp, fields.Read("tcp", ReadTcp, TcpModule{}));
  TRY_ASSIGN(module->icmp, fields.Read("icmp", ReadIcmp, IcmpModule{}));
  TRY_ASSIGN(module->dns, fields.Read("dns", ReadDns, DnsModule{}));
  TRY_ASSIGN(module->grpc, fields.Read("grpc", ReadGrpc, GrpcModule{}));
  TRY(fields.Finish());
  if (module->prober == Prober::kDns && module->dns.query_name.empty()) {
    return file.At(node, "a dns probe needs a query_name");
  }
  return std::shared_ptr<const Module>(std::move(module));
}

}  // namespace

std::string_view ProberName(Prober prober) {
  return kProbers[static_cast<std::size_t>(prober)].first;
}

Result<Modules> ReadModules(const YamlFile& file) {
  YamlFields fields(file, *file.root, "blackbox configuration");
  const YamlNode* node = fields.Find("modules");
  TRY(fields.Finish());
  Modules modules;
  if (!node) return modules;
  if (!node->IsMap()) return file.At(*node, "modules is a map of names to modules");
  for (const auto& [key, value] : node->entries) {
    auto module = ReadModule(file, key->scalar, *value);
    if (!module) {
      TRY(file.Keep(std::move(module).error()));
      module = std::make_shared<const Module>();  // it is known, though it is wrong
    }
    modules.emplace(key->scalar, *std::move(module));
  }
  return modules;
}

Result<Modules> LoadModules(const YamlFile& parent, const std::string& path) {
  TRY_ASSIGN(const YamlFile file, ReadYamlFileOf(parent, path));
  return ReadModules(file);
}

}  // namespace tocsin::probe
