#pragma once
#include "base/json.h"
#include "metrics/labels.h"

namespace tocsin {

/// An object with a member a label.
inline void WriteLabels(const Labels& labels, JsonWriter& json) {
  json.BeginObject();
  for (const LabelView label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
}

}  // namespace tocsin
