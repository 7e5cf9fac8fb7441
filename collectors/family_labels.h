#pragma once
#include <string_view>

namespace tocsin {

/// The labels that a family's series may carry, sorted, separated by ", "; empty if none. For
/// documentation; the fixtures of each collector prove it.
std::string_view LabelsOf(std::string_view collector, std::string_view family);

/// The unit in which a metric counts, by the last part of its name ("seconds", "bytes", "ratio");
/// empty if the name says none.
std::string_view UnitOf(std::string_view family);

}  // namespace tocsin
