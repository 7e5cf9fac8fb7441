// The collector postgresql against servers that speak the protocol by script, badly where that is
// what is tested. (What a real server says is tests/integration/test_queues.)

#include "tests/collectors/net/scripted_server.h"
#include "tests/collectors/queue/target_run.h"

namespace tocsin {
namespace {

using net::Act;
using net::Expect;
using net::Send;

std::string Int32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
std::string Int16(std::uint32_t value) { return Int32(value).substr(2); }
std::string Text(const std::string& text) { return text + '\0'; }

std::string Message(char type, const std::string& body) {
  return type + Int32(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string Ready(char state) { return Message('Z', std::string(1, state)); }
std::string Hello() {
  return Message('R', Int32(0)) + Message('S', Text("server_version") + Text("15.0")) + Ready('I');
}
std::string Failed(const std::string& sqlstate, const std::string& what) {
  return Message('E', "S" + Text("ERROR") + "C" + Text(sqlstate) + "M" + Text(what) + '\0');
}
std::string Row(const std::vector<std::string>& cells) {
  std::string body = Int16(static_cast<std::uint32_t>(cells.size()));
  for (const std::string& cell : cells) {
    body += Int32(static_cast<std::uint32_t>(cell.size())) + cell;
  }
  return Message('D', body);
}
std::string Columns(const std::vector<std::string>& names) {
  std::string body = Int16(static_cast<std::uint32_t>(names.size()));
  for (const std::string& name : names) {
    body += Text(name) + Int32(0) + Int16(0) + Int32(25) + Int16(0xffff) + Int32(0) + Int16(0);
  }
  return Message('1', "") + Message('2', "") + Message('T', body);
}
std::string End(char state) { return Message('C', Text("SELECT 1")) + Ready(state); }

/// Up to the transaction of the first query.
std::vector<Act> Begun() {
  return {Expect("application_name"),  Send(Hello()),
          Expect("pg_is_in_recovery"), Send(Columns({"r"}) + Row({"f"}) + End('I')),
          Expect("BEGIN READ ONLY"),   Send(End('T'))};
}

std::vector<Act> operator+(std::vector<Act> script, const std::vector<Act>& more) {
  script.insert(script.end(), more.begin(), more.end());
  return script;
}

std::string Settings(const net::ScriptedServer& server, const std::string& timeout = "20s") {
  return "queries:\n"
         "  jobs: { query: SELECT jobs, queue: name }\n"
         "servers:\n  - { targets: ['127.0.0.1:" +
         std::to_string(server.port()) +
         "'], user: t, basics: false, sslmode: disable, timeout: " + timeout + " }\n";
}

std::string Series(const net::ScriptedServer& server, const std::string& name,
                   const std::string& label = "") {
  return name + "{" + label + "instance=\"127.0.0.1:" + std::to_string(server.port()) + "\"";
}

std::string Success(const net::ScriptedServer& server, const std::string& page) {
  return ValueOf(page, Series(server, "pg_scrape_collector_success", "collector=\"jobs\",") + "}");
}
std::string Up(const net::ScriptedServer& server, const std::string& page) {
  return ValueOf(page, Series(server, "pg_up") + "}");
}

TEST(PostgresqlTest, RowsBecomeQueuesAndTheConnectionIsKept) {
  const std::vector<Act> query{
      Expect("SELECT jobs"),
      Send(Columns({"name", "depth"}) + Row({"mail", "12"}) + Row({"print", "0"}) + End('T')),
      Expect("COMMIT"), Send(End('I'))};
  const std::vector<Act> again{Expect("pg_is_in_recovery"),
                               Send(Columns({"r"}) + Row({"f"}) + End('I')),
                               Expect("BEGIN READ ONLY"), Send(End('T'))};
  net::ScriptedServer server(Begun() + query + again + query);
  CollectorRun run("postgresql", Settings(server));
  for (int round = 0; round < 2; ++round) {
    const std::string page = run.Round();
    EXPECT_EQ(Up(server, page), "1") << page;
    EXPECT_EQ(ValueOf(page, Series(server, "queue_depth") + ",queue=\"mail\"}"), "12") << page;
    EXPECT_EQ(ValueOf(page, Series(server, "queue_depth") + ",queue=\"print\"}"), "0");
    EXPECT_EQ(Success(server, page), "1");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(PostgresqlTest, AFailureOfTheServerHasAReason) {
  const std::vector<std::pair<std::vector<Act>, std::string>> cases{
      {{Expect("application_name"), Send(Failed("28P01", "password authentication failed"))},
       "auth"},
      {{Expect("application_name"), Send(Message('R', Int32(3)))}, "auth"},  // a password, please
      {{Expect("application_name"),
        Send(Message('E', "S" + Text("FATAL") + "V" + Text("FATAL") + "C" + Text("53300") + "M" +
                              Text("sorry, too many clients already") + '\0'))},
       "refused"},
      {{Expect("application_name"), Send("HTTP/1.1 400 Bad Request\r\n\r\n")}, "protocol"},
      {{Expect("application_name")}, "closed"},
      {{Expect("application_name"), net::Hang()}, "timeout"},
      {{Expect("application_name"), Send(Hello()), Expect("pg_is_in_recovery"), net::Hang()},
       "timeout"},
      {Begun() + std::vector<Act>{Expect("SELECT jobs"), net::Reset()}, "closed"},
      {Begun() + std::vector<Act>{Expect("SELECT jobs"), Send("\xff\xff\xff\xff\xff\xff")},
       "protocol"},
  };
  for (const auto& [script, reason] : cases) {
    net::ScriptedServer server(script);
    CollectorRun run("postgresql", Settings(server, reason == "timeout" ? "500ms" : "20s"));
    const std::string page = run.Round();
    EXPECT_EQ(Up(server, page), "0") << reason << page;
    EXPECT_EQ(FailureReasons(page), reason) << page;
  }
}

TEST(PostgresqlTest, AFailureOfAQueryCostsOnlyThatQuery) {
  const std::vector<std::vector<Act>> scripts{
      {Send(Failed("57014", "canceling statement") + Ready('E'))},
      {Send(Columns({"name", "depth"}) + Row({"mail", "a lot"}) + End('T'))},
      {Send(Columns({"other"}) + End('T'))},
      {Send(Message('1', "") + Message('2', "") + Message('n', "") +
            Message('C', Text("CREATE TABLE")) + Ready('T'))},
      {Send(Columns({"name", "depth"})), net::Endless(Row({std::string(10'000, 'x'), "1"}))},
  };
  for (const auto& script : scripts) {
    net::ScriptedServer server(Begun() + std::vector<Act>{Expect("SELECT jobs")} + script +
                               std::vector<Act>{Expect("COMMIT"), Send(End('I'))});
    CollectorRun run("postgresql", Settings(server));
    const std::string page = run.Round();
    EXPECT_EQ(Up(server, page), "1") << page;
    EXPECT_EQ(Success(server, page), "0") << page;
    EXPECT_EQ(page.find("queue_depth"), std::string::npos) << page;
  }
}

TEST(PostgresqlTest, NobodyListens) {
  CollectorRun run("postgresql",
                   "servers:\n  - { targets: ['127.0.0.1:" + std::to_string(net::DeadPort()) +
                       "', '[::1', '/no/such/folder'], user: t }\n");
  const std::string page = run.Round();
  EXPECT_EQ(FailureReasons(page), "connect connect local") << page;
}

}  // namespace
}  // namespace tocsin
