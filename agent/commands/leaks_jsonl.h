#pragma once
// `tocsin leaks --jsonl`: the leak detector over recorded series, so that anyone can check it on
// data of their own. The format is that of tests/trend/corpus; verdicts are what its score.py
// reads.

#include <iosfwd>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/trend/options.h"

namespace tocsin {

/// The verdict on one series, a JSON object:
///   {"id": …, "alarm_at_s": …, "eta_s": …, "eta_lo_s": …, "eta_hi_s": …}, all null without an
///   alarm.
/// `line` is a JSON object with id, limit_bytes, step_s, samples ([bytes or null, …]), restarts_s
/// and, if they are there, load, file, settled and before of covariate_corpus.py. What is judged is
/// the samples less the file-backed bytes. Errors: kMalformed, saying which field.
Result<std::string> JudgeSeries(std::string_view line, const trend::DetectorOptions& options);

/// A verdict line for each line of `in`. Errors: kMalformed with the line's number.
Status JudgeSeriesFile(std::istream& in, std::ostream& out, const trend::DetectorOptions& options);

}  // namespace tocsin
