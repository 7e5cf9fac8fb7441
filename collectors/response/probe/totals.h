#pragma once
// What the probes of one target come to over time: the common shape of services.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "collectors/response/probe/result.h"
#include "metrics/family.h"
#include "metrics/labels.h"
#include "metrics/writer.h"

namespace tocsin::probe {

/// One thread at a time.
class Totals {
 public:
  explicit Totals(milliseconds window) : window_(window) {}

  void Add(const ProbeFacts& result, MonoTime now);
  /// `labels` as of EmitResult(); `service_labels` are service, instance and what else there is.
  void Emit(std::span<const LabelView> labels, std::span<const LabelView> service_labels,
            MonoTime now, FamilySink& out);

 private:
  /// Few, since every target has them; the quantiles are exact without.
  static constexpr std::array<double, 6> kBounds{0.01, 0.05, 0.1, 0.5, 1, 5};
  struct Recent {
    MonoTime at;
    double seconds;
  };
  void EmitQuantiles(std::span<const LabelView> service_labels, MonoTime now, FamilySink& out);

  const milliseconds window_;
  std::array<double, kBounds.size()> cumulative_{};
  double sum_ = 0;
  double count_ = 0;
  double errors_ = 0;
  std::map<std::string, double> codes_;
  std::array<double, kReasonCount> reasons_{};
  std::vector<Recent> recent_;  // within the window, the oldest first
};

}  // namespace tocsin::probe
