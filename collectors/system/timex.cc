#include <array>

#include "collectors/host_fs.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 17> kFamilies{{
    {"node_timex_sync_status", MetricType::kGauge,
     "Is clock synchronized to a reliable server (1 = yes, 0 = no)."},
    {"node_timex_offset_seconds", MetricType::kGauge,
     "Time offset in between local system and reference clock."},
    {"node_timex_frequency_adjustment_ratio", MetricType::kGauge,
     "Local clock frequency adjustment."},
    {"node_timex_maxerror_seconds", MetricType::kGauge, "Maximum error in seconds."},
    {"node_timex_estimated_error_seconds", MetricType::kGauge, "Estimated error in seconds."},
    {"node_timex_status", MetricType::kGauge, "Value of the status array bits."},
    {"node_timex_loop_time_constant", MetricType::kGauge, "Phase-locked loop time constant."},
    {"node_timex_tick_seconds", MetricType::kGauge, "Seconds between clock ticks."},
    {"node_timex_pps_frequency_hertz", MetricType::kGauge, "Pulse per second frequency."},
    {"node_timex_pps_jitter_seconds", MetricType::kGauge, "Pulse per second jitter."},
    {"node_timex_pps_shift_seconds", MetricType::kGauge, "Pulse per second interval duration."},
    {"node_timex_pps_stability_hertz", MetricType::kGauge,
     "Pulse per second stability, average of recent frequency changes."},
    {"node_timex_pps_jitter_total", MetricType::kCounter,
     "Pulse per second count of jitter limit exceeded events."},
    {"node_timex_pps_calibration_total", MetricType::kCounter,
     "Pulse per second count of calibration intervals."},
    {"node_timex_pps_error_total", MetricType::kCounter,
     "Pulse per second count of calibration errors."},
    {"node_timex_pps_stability_exceeded_total", MetricType::kCounter,
     "Pulse per second count of stability limit exceeded events."},
    {"node_timex_tai_offset_seconds", MetricType::kGauge,
     "International Atomic Time (TAI) offset."},
}};

constexpr double kMicro = 1e6;
constexpr double kNano = 1e9;
/// Frequencies are in parts per million with 16 bits after the point: NOTES of adjtimex(2).
constexpr double kPpm16 = 1e6 * 65536.0;

class TimexCollector final : public Collector {
 public:
  explicit TimexCollector(const HostFs& fs) : fs_(fs) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    TRY_ASSIGN(const ClockDiscipline clock, fs_.Adjtimex());
    const struct timex& t = clock.timex;
    const double divisor = (t.status & STA_NANO) != 0 ? kNano : kMicro;
    const std::array<double, kFamilies.size()> values{
        clock.state == TIME_ERROR ? 0.0 : 1.0,
        static_cast<double>(t.offset) / divisor,
        1 + static_cast<double>(t.freq) / kPpm16,
        static_cast<double>(t.maxerror) / kMicro,
        static_cast<double>(t.esterror) / kMicro,
        static_cast<double>(t.status),
        static_cast<double>(t.constant),
        static_cast<double>(t.tick) / kMicro,
        static_cast<double>(t.ppsfreq) / kPpm16,
        static_cast<double>(t.jitter) / divisor,
        static_cast<double>(t.shift),
        static_cast<double>(t.stabil) / kPpm16,
        static_cast<double>(t.jitcnt),
        static_cast<double>(t.calcnt),
        static_cast<double>(t.errcnt),
        static_cast<double>(t.stbcnt),
        static_cast<double>(t.tai),
    };
    for (std::size_t i = 0; i < values.size(); ++i) out.Add(kFamilies[i], {}, values[i]);
    return Unit{};
  }

 private:
  const HostFs& fs_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<TimexCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kTimexCollector{
    .name = "timex",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(1),
    .help = "How the kernel keeps the clock and whether it is synchronised, from adjtimex(2).",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
