#pragma once
// The types of Prometheus's template functions.

#include "rules/template/types.h"

namespace tocsin::tmpl {

extern const TypeInfo kSamplesType;  // a query's result: a list of samples
extern const TypeInfo kSampleType;   // a struct of Labels and Value
extern const TypeInfo kAlertDataType;

}  // namespace tocsin::tmpl
