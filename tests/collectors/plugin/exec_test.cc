// Commands that behave and commands that do not.

#include <thread>

#include "base/file.h"
#include "base/parse.h"
#include "collectors/plugin/plugins.h"
#include "collectors/plugin/program.h"
#include "tests/collectors/plugin/program_fixture.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

class ExecTest : public ProgramTest {
 protected:
  /// Settings of one command called "c".
  std::string Exec(const std::string& script, const std::string& more = "") {
    return "commands:\n- name: c\n  command: " + Script("c", script) + "\n" + more;
  }
};

TEST_F(ExecTest, ACommandsSeriesJoinOurs) {
  Test exec(kExecCollector,
            Exec("echo '# TYPE a_total counter'; echo 'a_total{x=\"1\",host=\"own\"} 3'; echo b 4",
                 "  labels: { host: ours, extra: e }\n"));
  const std::string page = exec.Round();
  EXPECT_EQ(ValueOf(page, R"(a_total{extra="e",host="own",x="1"})"), "3") << page;
  EXPECT_EQ(ValueOf(page, R"(b{extra="e",host="ours"})"), "4");
  EXPECT_EQ(ValueOf(page, R"(tocsin_target_up{collector="exec",target="c"})"), "1");
}

TEST_F(ExecTest, BadOutputIsDroppedWholeWithAReason) {
  const struct {
    const char* what;
    const char* script;
    const char* more;
    const char* reason;
  } kCases[] = {
      {"garbage", "echo good 1; echo 'this is no metric at all'", "", "content"},
      {"binary", "head -c 5000 /dev/urandom; echo", "", "content"},
      {"NUL bytes", "printf 'good 1\\n\\000\\001\\n'", "", "content"},
      {"invalid UTF-8", "printf 'good{x=\"\\377\"} 1\\n'", "", "content"},
      {"cut in the middle of a line", "printf 'good 1\\ngood'", "", "content"},
      {"a series twice", "echo good 1; echo good 2", "", "content"},
      {"endless output", "while :; do echo good 1; done", "", "too_large"},
      {"endless line", "yes x | tr -d '\\n'", "", "too_large"},
      {"too many series",
       "i=0; while [ $i -lt 30 ]; do echo \"good{i=\\\"$i\\\"} 1\"; i=$((i+1)); done",
       "  max_series: 20\n", "too_large"},
      {"an exit status", "echo good 1; exit 3", "", "status"},
      {"killed by a signal", "echo good 1; kill -9 $$", "", "status"},
      {"hangs", "echo good 1; sleep 1000", "  timeout: 100ms\n", "timeout"},
      {"ignores SIGTERM, stdio closed", "trap '' TERM HUP INT; exec <&- >&- 2>&-; sleep 1000",
       "  timeout: 100ms\n", "timeout"},
      {"hangs in a child", "sleep 1000 & echo good 1; wait", "  timeout: 100ms\n", "timeout"},
  };
  for (const auto& c : kCases) {
    Test exec(kExecCollector, Exec(c.script, c.more));
    ASSERT_EQ(exec.error(), "") << c.what;
    const std::string page = exec.Round();
    EXPECT_EQ(ValueOf(page, R"(tocsin_target_up{collector="exec",target="c"})"), "0")
        << c.what << "\n"
        << page;
    EXPECT_EQ(Failures(page, "exec", c.reason, "c"), "1") << c.what << "\n" << page;
    EXPECT_EQ(page.find("good"), std::string::npos) << c.what;
  }
}

TEST_F(ExecTest, OneBadCommandCostsOnlyItsOwnData) {
  Test exec(kExecCollector,
            "commands:\n- { name: bad, command: " + Script("bad", "sleep 1000") +
                ", timeout: 50ms }\n- { name: good, command: " + Script("good", "echo good 1") +
                " }\n- { name: absent, command: " + (dir_ / "absent").string() + " }\n");
  const std::string page = exec.Round();
  EXPECT_EQ(ValueOf(page, "good"), "1");
  EXPECT_EQ(ValueOf(page, R"(tocsin_target_up{collector="exec",target="bad"})"), "0");
  EXPECT_EQ(Failures(page, "exec", "local", "absent"), "1");
}

TEST_F(ExecTest, NothingIsInheritedAndPathIsFixed) {
  ::setenv("TOCSIN_TEST_SECRET", "x", 1);
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/tmp/hostile:/bin:/usr/bin", 1);
  Test exec(
      kExecCollector,
      Exec(
          "echo \"env{path=\\\"$PATH\\\",secret=\\\"$TOCSIN_TEST_SECRET\\\",own=\\\"$OWN\\\"} 1\"\n"
          "echo \"fds $(ls /proc/self/fd | wc -l)\"; echo \"pwd{d=\\\"$(pwd)\\\"} 1\"",
          "  env: { OWN: value }\n"));
  const std::string page = exec.Round();
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(
      ValueOf(page, R"(env{own="value",path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:)"
                    R"(/sbin:/bin"})"),
      "1")
      << page;
  EXPECT_EQ(ValueOf(page, "fds"), "4");  // ls itself holds the fourth
  EXPECT_EQ(ValueOf(page, R"(pwd{d="/"})"), "1");
}

pid_t PidIn(const std::string& path) {
  const auto text = ReadWholeFile(path, 100);
  return text ? ParseInt<pid_t>(Trim(*text)).value_or(0) : 0;
}

TEST_F(ExecTest, DaemonsAreKilledWithTheirProgram) {
  const std::string file = (dir_ / "pid").string();
  // Its own session, its parent gone, stdio closed: what daemons are.
  const std::string daemonise = "(setsid sh -c 'echo $$ >" + file + ".new; mv " + file + ".new " +
                                file +
                                "; exec sleep 1000' </dev/null >/dev/null 2>&1 &)\n"
                                "while [ ! -e " +
                                file + " ]; do sleep 0.01; done\n";
  for (const char* end : {"echo good 1", "sleep 1000"}) {
    fs::remove(file);
    Test exec(kExecCollector, Exec(daemonise + end, "  timeout: 4s\n"));
    exec.Round();
    const pid_t pid = PidIn(file);
    ASSERT_GT(pid, 0) << end;
    EXPECT_NE(::kill(pid, 0), 0) << end;
  }
}

/// Processes that descend from this one, zombies not counted: their environment is gone.
int Descendants() {
  const std::string marker = "TOCSIN_CHILD_OF=" + std::to_string(::getpid());
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto environ = ReadWholeFile((entry.path() / "environ").string(), 1 << 20);
    count += environ && environ->find(marker) != std::string::npos;
  }
  return count;
}

TEST_F(ExecTest, AForkStormIsKilled) {
  Test exec(kExecCollector,
            Exec("i=0; while [ $i -lt 40 ]; do (sleep 1000) & setsid sleep 1000 & (setsid sh -c "
                 "'sleep 1000 & sleep 1000' &) ; i=$((i+1)); done; wait",
                 "  timeout: 1s\n"));
  EXPECT_EQ(Failures(exec.Round(), "exec", "timeout", "c"), "1");
  // The last generations become orphans only as their parents die.
  for (int tries = 0; Descendants() > 0; ++tries) {
    ASSERT_LT(tries, 1'000) << Descendants() << " are left";
    std::this_thread::sleep_for(milliseconds(10));
  }
}

TEST_F(ExecTest, ProgramsThatOthersCouldChangeAreRefused) {
  const std::string good = Script("good", "echo 1");
  EXPECT_TRUE(plugin::CheckProgram(good).ok());
  const auto refused = [](const std::string& path) {
    const Status status = plugin::CheckProgram(path);
    return status.ok() ? "accepted" : status.error().message();
  };
  EXPECT_NE(refused(Script("open", "echo 1", 0777)).find("everybody may write"), std::string::npos);
  EXPECT_NE(refused(Script("plain", "echo 1", 0644)).find("not executable"), std::string::npos);
  EXPECT_NE(refused(dir_.path().string()).find("no regular file"), std::string::npos);
  fs::create_directory(dir_ / "wide");
  fs::copy_file(good, dir_ / "wide" / "x");
  ::chmod((dir_ / "wide").c_str(), 0777);
  EXPECT_NE(refused((dir_ / "wide" / "x").string()).find("everybody may write"), std::string::npos);
  fs::create_symlink(dir_ / "wide" / "x", dir_ / "link");
  EXPECT_NE(refused((dir_ / "link").string()).find("everybody may write"), std::string::npos);
  if (::geteuid() == 0) {
    const std::string foreign = Script("foreign", "echo 1");
    ASSERT_EQ(::chown(foreign.c_str(), 12345, 12345), 0);
    EXPECT_NE(refused(foreign).find("belongs to user 12345"), std::string::npos);
  }
  Test exec(kExecCollector,
            "commands: [ { name: c, command: " + Script("w", "echo a 1", 0777) + " } ]");
  EXPECT_EQ(Failures(exec.Round(), "exec", "refused", "c"), "1");
}

TEST_F(ExecTest, ACommandWithAnIntervalIsNotRunEveryRound) {
  const std::string count = (dir_ / "count").string();
  Test exec(kExecCollector, Exec("echo x >>" + count + "; echo \"runs $(wc -l <" + count + ")\"",
                                 "  interval: 1h\n"));
  EXPECT_EQ(ValueOf(exec.Round(), "runs"), "1");
  EXPECT_EQ(ValueOf(exec.Round(), "runs"), "1");
}

TEST_F(ExecTest, NagiosPlugins) {
  Test exec(
      kExecCollector,
      Exec("echo \"DISK WARNING | /=80%;90;95;0;100 'it''s free'=2MB bad t=U x=1e3c\"; exit 1",
           "  format: nagios\n"));
  const std::string page = exec.Round();
  EXPECT_EQ(ValueOf(page, R"(nagios_status{check="c"})"), "1") << page;
  EXPECT_EQ(ValueOf(page, R"(nagios_perfdata{check="c",label="/",unit="ratio"})"), "0.8");
  EXPECT_EQ(ValueOf(page, R"(nagios_perfdata{check="c",label="it's free",unit="bytes"})"),
            "2.097152e+06");
  EXPECT_EQ(page.find("label=\"t\""), std::string::npos);
}

TEST_F(ExecTest, BadSettingsAreNamedWithTheirPosition) {
  const struct {
    const char* settings;
    const char* error;
  } kCases[] = {
      {"commands: [ { command: relative/x } ]", "settings.yml:1:24: command must be an absolute"},
      {"commands: [ { name: x } ]", "command"},
      {"commands: [ { command: /x, nmae: y } ]", "nmae"},
      {"commands: [ { command: /x, labels: { 'a b': c } } ]", "\"a b\" is no name for a label"},
      {"commands: [ { command: /x, env: { 'a=b': c } } ]", "no name of a variable"},
      {"commands: [ { command: /x, format: xml } ]", "text, openmetrics or nagios"},
      {"commands: [ { name: a, command: /x }, { name: a, command: /y } ]", "stands twice"},
      {"commands: 1", "expected a list"},
  };
  for (const auto& c : kCases) {
    const Test exec(kExecCollector, c.settings);
    EXPECT_NE(exec.error().find(c.error), std::string::npos) << c.settings << ": " << exec.error();
  }
}

}  // namespace
}  // namespace tocsin
