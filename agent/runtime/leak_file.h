#pragma once
// What leak rules know, in one file of the storage folder (rules/FORMAT.md), replaced as a whole.

#include <span>
#include <string>
#include <vector>

#include "rules/leak_record.h"

namespace tocsin {

/// Empty if there is no file. One that cannot be read is logged and left out: leak rules begin
/// anew then.
std::vector<LeakRecord> LoadLeaks(const std::string& folder);

/// On disk when it returns, or logged: the file before stays then.
void SaveLeaks(const std::string& folder, std::span<const LeakRecord> records);

}  // namespace tocsin
