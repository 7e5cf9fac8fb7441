// The texts of /proc/PID and process-exporter's naming. Input: a name template, a newline, then
// the text that stands for each of the files.

#include <cstdlib>
#include <string>
#include <vector>

#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/process/name_template.h"
#include "collectors/process/process_files.h"
#include "collectors/process/process_groups.h"

namespace tocsin {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool Within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void Name(std::string_view text, const ProcessIdentity& process) {
  const auto parsed = NameTemplate::Parse(text);
  if (!parsed) return;
  std::string name;
  parsed->Expand(process, {{"a", "b"}}, name);
  ProcessGroups groups({.max_groups = 2, .window = seconds(60), .keep_ended = seconds(60)});
  for (const std::string& one : {name, name + "x", name + "yy", std::string("other")}) {
    const ProcessGroup& group = groups[groups.Enter(one, MonoTime(seconds(1)))];
    Require(!group.name.empty() && group.name.size() <= ProcessGroups::kMaxName);
    Require(IsValidUtf8(group.name));
  }
  Require(groups.by_name().size() <= 3);
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view name = TakeLine(text);
  ProcessIdentity process;
  if (const auto stat = ParseProcessStat(text)) {
    Require(Within(stat->comm, text));
    process.comm = stat->comm;
    process.start_seconds = static_cast<double>(stat->start_ticks % (1ull << 40)) / 100;
  }
  ParseProcessStatus(text);
  ParseProcessIo(text);
  ParseOpenFilesLimit(text);
  ParseSmapsRollup(text);
  ParseBootTime(text);
  std::vector<std::string_view> arguments;
  ParseCommandLine(text, arguments);
  for (const std::string_view one : arguments) Require(Within(one, text));
  std::vector<std::string_view> cgroups;
  ParseCgroupPaths(text, cgroups);
  for (const std::string_view one : cgroups) Require(Within(one, text));
  process.arguments = arguments;
  process.cgroups = cgroups;
  Name(name, process);
  return 0;
}
