// Export and Import of a Detector: FORMAT.md.

#include <bit>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "rules/trend/bfloat16.h"
#include "rules/trend/detector.h"

namespace tocsin::trend {
namespace {

constexpr std::string_view kMagic = "TLD";
constexpr char kVersion = 1;
// Beyond what any scale holds; seconds of it count without overflow.
constexpr std::int64_t kLongestSpan = 1'000'000'000'000;
constexpr std::size_t kKeptFree = 6;

/// Appends little-endian numbers.
class Writer {
 public:
  template <std::integral T>
  void operator()(const T& value) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_ += static_cast<char>(bits >> (8 * i));
  }
  void operator()(const float& value) { (*this)(std::bit_cast<std::uint32_t>(value)); }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

/// Takes them off again; the caller has checked the length.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <std::integral T>
  void operator()(T& value) {
    std::make_unsigned_t<T> bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const auto byte = static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(bytes_[i]));
      bits = static_cast<std::make_unsigned_t<T>>(
          bits | static_cast<std::make_unsigned_t<T>>(byte << (8 * i)));
    }
    value = static_cast<T>(bits);
    bytes_.remove_prefix(sizeof(T));
  }
  void operator()(float& value) {
    std::uint32_t bits = 0;
    (*this)(bits);
    value = std::bit_cast<float>(bits);
  }

  /// What was read cannot be.
  void Fail() { ok_ = false; }
  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

bool Finite(std::initializer_list<float> values) {
  for (const float value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

/// The order of the fields, once for both directions.
class DetectorCodec {
 public:
  template <class Visitor, class State>
  static void Visit(Visitor& visit, State& state) {
    visit(state.first_t_);
    visit(state.last_t_);
    visit(state.recent_count_);
    for (auto& value : state.recent_) visit(value);
    for (auto& scale : state.scales_) VisitScale(visit, scale);
    VisitSuspicions(visit, state.suspicions_);
    auto& confirmed = state.confirmed_;
    visit(confirmed.at);
    visit(confirmed.since);
    visit(confirmed.eta);
    visit(confirmed.eta_low);
    visit(confirmed.eta_high);
    visit(confirmed.floor);
    visit(confirmed.checkpoint);
    visit(confirmed.checkpoint_at);
    visit(confirmed.forecast_after);
    VisitPending(visit, confirmed.pending);
    visit(confirmed.scale);
  }

  static bool Valid(const Detector& d) {
    if (d.recent_count_ > d.recent_.size() || d.first_t_ < -1 || d.last_t_ < d.first_t_ ||
        d.last_t_ > Detector::kLastSecond) {
      return false;
    }
    if (!Finite({d.recent_[0], d.recent_[1], d.recent_[2]})) return false;
    for (int k = 0; k < Detector::kScales; ++k) {
      if (!Valid(d.scales_[static_cast<std::size_t>(k)]) || !Valid(d.suspicions_.Of(k))) {
        return false;
      }
    }
    const Detector::Confirmed& c = d.confirmed_;
    return c.at >= 0 && c.since <= c.at && c.since >= -kLongestSpan &&
           (c.at == 0 || c.at <= d.last_t_) && c.forecast_after >= 0 && c.checkpoint_at >= 0 &&
           c.scale < Detector::kScales &&
           Finite({c.eta, c.eta_low, c.eta_high, c.floor, c.checkpoint}) && Valid(c.pending);
  }

 private:
  template <class Visitor, class Pending>
  static void VisitPending(Visitor& visit, Pending& pending) {
    visit(pending.since);
    visit(pending.floor);
    visit(pending.slope);
    visit(pending.slope_low);
    visit(pending.slope_high);
    visit(pending.peak);
    visit(pending.span);
    visit(pending.need);
    visit(pending.tolerance);
    visit(pending.from);
    visit(pending.tau);
    visit(pending.signal);
    visit(pending.recent);
    visit(pending.explanation);
  }

  using Buckets = std::array<Bucket, Ring::kMost>;

  static void VisitScale(Writer& visit, const Detector::Scale& scale) {
    Buckets buckets;
    buckets.fill({.work = kBfloat16Nan});
    for (std::size_t i = 0; i < scale.ring.size(); ++i) buckets[i] = scale.ring.At(i);
    VisitBuckets(visit, buckets);
    VisitOpen(visit, scale);
    visit(static_cast<std::uint8_t>(scale.ring.size()));
    visit(std::uint8_t{0});
  }
  static void VisitScale(Reader& visit, Detector::Scale& scale) {
    Buckets buckets;
    VisitBuckets(visit, buckets);
    VisitOpen(visit, scale);
    std::uint8_t size = 0;
    std::uint8_t oldest = 0;
    visit(size);
    visit(oldest);
    if (size > buckets.size() || oldest >= buckets.size()) return visit.Fail();
    for (std::size_t i = 0; i < size; ++i) scale.ring.Push(buckets[(oldest + i) % buckets.size()]);
  }

  template <class Visitor, class Column>
  static void VisitBuckets(Visitor& visit, Column& buckets) {
    for (auto& bucket : buckets) visit(bucket.low);
    for (auto& bucket : buckets) visit(bucket.tooth);
    for (auto& bucket : buckets) visit(bucket.work);
    for (auto& bucket : buckets) visit(bucket.gap);
  }

  template <class Visitor, class Scale>
  static void VisitOpen(Visitor& visit, Scale& scale) {
    visit(scale.newest);
    visit(scale.open_end);
    visit(scale.open_low);
    visit(scale.open_high);
    visit(scale.open_work);
    visit(scale.record);
    visit(scale.open_work_count);
  }

  static void VisitSuspicions(Writer& visit, const Detector::Suspicions& suspicions) {
    for (int k = 0; k < Detector::kScales; ++k) VisitPending(visit, suspicions.Of(k));
  }
  static void VisitSuspicions(Reader& visit, Detector::Suspicions& suspicions) {
    for (int k = 0; k < Detector::kScales; ++k) {
      Detector::Pending pending;
      VisitPending(visit, pending);
      if (pending.since != 0) suspicions.Set(k, pending);
    }
  }

  static bool Valid(const Detector::Pending& p) {
    return p.since >= 0 && p.span >= 0 && p.span <= static_cast<float>(kLongestSpan) &&
           p.explanation <= static_cast<std::uint8_t>(Explanation::kExplained) &&
           Finite({p.floor, p.slope, p.slope_low, p.slope_high, p.peak, p.span, p.need, p.tolerance,
                   p.from});
  }
  static bool Valid(const Detector::Scale& scale) {
    const bool places = scale.newest >= 0 && scale.newest <= scale.open_end &&
                        scale.open_end <= Detector::kLastSecond / Detector::kFirstWidth + 1;
    if (!places || !Finite({scale.open_low, scale.open_high, scale.open_work, scale.record})) {
      return false;
    }
    const bool nothing_open = scale.open_high == -1;
    if (!nothing_open && !(scale.open_low >= 0 && scale.open_high >= scale.open_low)) return false;
    if (scale.record != -1 && scale.record < 0) return false;
    for (std::size_t i = 0; i < scale.ring.size(); ++i) {
      const Bucket bucket = scale.ring.At(i);
      // Times must rise, or a line through them has no slope.
      if (!std::isfinite(bucket.low) || (i > 0 && bucket.gap == 0)) return false;
      if (std::isnan(FromBfloat16(bucket.tooth))) return false;
    }
    return true;
  }
};

std::string Detector::Export() const {
  Writer writer;
  writer.bytes() = kMagic;
  writer.bytes() += kVersion;
  DetectorCodec::Visit(writer, *this);
  writer.bytes().append(kKeptFree, '\0');
  return std::move(writer.bytes());
}

Result<Detector> Detector::Import(std::string_view bytes) {
  static const std::size_t kSize = Detector().Export().size();
  if (!bytes.starts_with(kMagic) || bytes.size() <= kMagic.size()) {
    return Error{Errc::kMalformed, "not the state of a leak detector"};
  }
  if (bytes[kMagic.size()] != kVersion) {
    return Error{Errc::kUnsupported, "the state of a leak detector has version " +
                                         std::to_string(bytes[kMagic.size()]) + ", expected 1"};
  }
  if (bytes.size() != kSize) {
    return Error{Errc::kMalformed, "the state of a leak detector has " +
                                       std::to_string(bytes.size()) + " bytes, expected " +
                                       std::to_string(kSize)};
  }
  Reader reader(bytes.substr(kMagic.size() + 1));
  Detector detector;
  DetectorCodec::Visit(reader, detector);
  if (!reader.ok() || !DetectorCodec::Valid(detector)) {
    return Error{Errc::kMalformed, "the state of a leak detector contains impossible values"};
  }
  return detector;
}

}  // namespace tocsin::trend
