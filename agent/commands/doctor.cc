#include "agent/commands/doctor.h"

#include <cstdio>

#include "agent/api/params.h"
#include "agent/commands/http_get.h"
#include "agent/performance/report.h"
#include "base/file.h"
#include "rules/history.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxHistoryBytes = std::size_t{1} << 30;

Result<std::string> AskForReport(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  TRY_ASSIGN(HttpAnswer answer, HttpSend("GET", base + "/api/performance/doctor"));
  if (answer.status != 200) {
    return Error{Errc::kInvalid, base + " answers with status " + std::to_string(answer.status) +
                                     ": is this a Tocsin agent?"};
  }
  return std::move(answer.body);
}

Result<std::string> MakeText(const DoctorArguments& arguments) {
  if (!arguments.file) return AskForReport(arguments.url);
  TRY_ASSIGN(const std::string text, ReadWholeFile(*arguments.file, kMaxHistoryBytes));
  return DiagnoseHistory(text, *arguments.file, arguments.time);
}

}  // namespace

Result<std::string> DiagnoseHistory(std::string_view text, std::string_view name,
                                    const std::optional<std::string>& time) {
  MemoryStore store;
  TRY_ASSIGN(const HistorySpan span, LoadOpenMetrics(text, name, {}, store));
  std::int64_t at = span.last_ms;
  if (time) {
    TRY_ASSIGN(at, api::ParseTimeParam(*time));
  }
  TRY_ASSIGN(const performance::Report report, performance::MakeReport(store, at, {}));
  return performance::ShowReport(report, {}, name);
}

int ConsultDoctor(const DoctorArguments& arguments) {
  const Result<std::string> text = MakeText(arguments);
  if (!text) {
    std::fprintf(stderr, "error: %s\n", text.error().message().c_str());
    return 1;
  }
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace tocsin
