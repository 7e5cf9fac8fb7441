#include <algorithm>
#include <array>

#include "base/outgoing/http_config.h"
#include "collectors/host_fs.h"
#include "collectors/queue/pg_target.h"
#include "collectors/queue/queue.h"
#include "collectors/queue/target_groups.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};

Status ReadTls(YamlFields& fields, PgServer& server) {
  const YamlFile& file = fields.file();
  TRY_ASSIGN(std::string mode, fields.Read("sslmode", YamlString, "prefer"));
  if (std::find(kSslModes.begin(), kSslModes.end(), mode) == kSslModes.end()) {
    return file.At(*fields.Find("sslmode"),
                   "expected sslmode disable, allow, prefer, require, verify-ca or verify-full");
  }
  server.tls.emplace_back("sslmode", std::move(mode));
  for (const char* key : {"sslrootcert", "sslcert", "sslkey"}) {
    TRY_ASSIGN(const std::string path, fields.Read(key, YamlString, ""));
    if (!path.empty()) server.tls.emplace_back(key, outgoing::ResolvePath(file, path));
  }
  return Unit{};
}

/// The queries of the collector that a group asks: all, or those it names.
Status ChooseQueries(YamlFields& fields, const std::vector<PgQuery>& known, PgServer& server) {
  TRY_ASSIGN(const bool basics, fields.Read("basics", YamlBool, true));
  if (basics) server.queries = BuiltinPgQueries();
  const YamlNode* node = fields.Find("queries");
  if (!node) {
    server.queries.insert(server.queries.end(), known.begin(), known.end());
    return Unit{};
  }
  TRY_ASSIGN(const auto names, YamlStrings(fields.file(), *node));
  for (const std::string& name : names) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const PgQuery& query) { return query.name == name; });
    if (found == known.end()) return fields.file().At(*node, "no query is called \"" + name + "\"");
    server.queries.push_back(*found);
  }
  return Unit{};
}

Result<PgServer> ReadServer(YamlFields& fields, const std::vector<PgQuery>& queries) {
  const YamlFile& file = fields.file();
  PgServer server;
  TRY_ASSIGN(server.user, fields.ReadRequired("user", YamlString));
  TRY_ASSIGN(server.database, fields.Read("database", YamlString, "postgres"));
  TRY_ASSIGN(server.password,
             outgoing::ReadSecret(fields, "password", outgoing::InlineSecrets::kRefused));
  TRY(ReadTls(fields, server));
  TRY_ASSIGN(server.statement_timeout,
             fields.Read("statement_timeout", YamlDuration, server.statement_timeout));
  if (server.statement_timeout < milliseconds(1)) {
    return file.At(*fields.Find("statement_timeout"),
                   "expected a statement_timeout of 1ms or more");
  }
  TRY_ASSIGN(server.max_rows, fields.ReadCount("max_rows", 1'000, {1, 10'000}));
  TRY(ChooseQueries(fields, queries, server));
  return server;
}

Result<TargetGroups::Make> ReadGroupOf(YamlFields& fields, const std::vector<PgQuery>& queries) {
  TRY_ASSIGN(PgServer server, ReadServer(fields, queries));
  return TargetGroups::Make(
      [shared = std::make_shared<const PgServer>(std::move(server))](
          net::Network& network,
          const std::string& address) -> Result<std::unique_ptr<net::Target>> {
        TRY_ASSIGN(HostPort to, ParseHostPort(address, 5432));
        return MakePgTarget(network, shared, std::move(to));
      });
}

Result<std::vector<PgQuery>> ReadQueries(const CollectorDeps& deps, YamlFields& settings) {
  std::vector<PgQuery> queries;
  TRY_ASSIGN(const std::string path, settings.Read("queries_file", YamlString, ""));
  if (!path.empty()) {
    TRY_ASSIGN(const YamlFile file,
               ReadYamlFileOf(deps.file, outgoing::ResolvePath(deps.file, path)));
    TRY_ASSIGN(queries, ReadPgQueries(file, *file.root));
  }
  const YamlNode* node = settings.Find("queries");
  if (!node) return queries;
  TRY_ASSIGN(auto own, ReadPgQueries(deps.file, *node));
  for (PgQuery& query : own) {
    const bool twice = std::any_of(queries.begin(), queries.end(),
                                   [&](const PgQuery& other) { return other.name == query.name; });
    if (twice) return deps.file.At(*node, "query \"" + query.name + "\" is in queries_file too");
    queries.push_back(std::move(query));
  }
  return queries;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector postgresql");
  TRY_ASSIGN(const auto queries, ReadQueries(deps, settings));
  return MakeGroupsCollector(deps, settings, {.collector = "postgresql", .timeout = seconds(10)},
                             [&](YamlFields& fields) { return ReadGroupOf(fields, queries); });
}

std::vector<std::string> SettingsFiles(const YamlFile& file, const YamlNode& own) {
  const YamlNode* node = own.Find("queries_file");
  if (!node || !node->IsScalar()) return {};
  return {outgoing::ResolvePath(file, node->scalar)};
}

}  // namespace

extern const CatalogEntry kPostgresqlCollector{
    .name = "postgresql",
    .room = "queue",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "PostgreSQL servers: pg_stat_* as postgres_exporter names them, and any query as "
        "metrics or queues.",
    .families = {},
    .flags = {},
    .make = &Make,
    .settings_files = &SettingsFiles,
};

}  // namespace tocsin
