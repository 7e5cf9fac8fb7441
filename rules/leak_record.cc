#include "rules/leak_record.h"

#include <bit>

namespace tocsin {
namespace {

constexpr std::string_view kMagic = "TLKS";
constexpr char kVersion = 1;
constexpr std::size_t kMostLabels = 1000;

class Writer {
 public:
  void Number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void Double(double value) { Number(std::bit_cast<std::uint64_t>(value), 8); }
  void Text(std::string_view text) {
    Number(text.size(), 4);
    out_ += text;
  }
  std::string& out() { return out_; }

 private:
  std::string out_;
};

/// Past the end everything is 0 and `ok` false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Number(int bytes) {
    if (rest_.size() < static_cast<std::size_t>(bytes)) return Fail();
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
      value |= std::uint64_t{byte} << (8 * i);
    }
    rest_.remove_prefix(static_cast<std::size_t>(bytes));
    return value;
  }
  double Double() { return std::bit_cast<double>(Number(8)); }
  std::string_view Text() {
    const std::uint64_t size = Number(4);
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  /// How many of something follow, of at least `least` bytes each.
  std::uint64_t Count(std::size_t least) {
    const std::uint64_t count = Number(4);
    return count <= rest_.size() / least ? count : Fail();
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

void Write(Writer& out, const LeakRecord& record) {
  out.Text(record.file);
  out.Text(record.group);
  out.Text(record.rule_key);
  out.Number(record.labels.size(), 4);
  for (const LabelView label : record.labels) {
    out.Text(label.name);
    out.Text(label.value);
  }
  out.Text(record.detector);
  out.Number(record.restarts_ms.size(), 4);
  for (const std::int64_t at : record.restarts_ms) out.Number(static_cast<std::uint64_t>(at), 8);
  out.Number(record.times, 4);
  out.Double(record.restart);
  out.Double(record.settled);
  out.Double(record.base);
  out.Number(static_cast<std::uint64_t>(record.seen_ms), 8);
}

LeakRecord Read(Reader& in) {
  LeakRecord record;
  record.file = in.Text();
  record.group = in.Text();
  record.rule_key = in.Text();
  std::vector<LabelView> labels;
  const std::uint64_t label_count = in.Count(8);
  for (std::uint64_t i = 0; i < label_count && i < kMostLabels; ++i) {
    const std::string_view name = in.Text();
    labels.push_back({name, in.Text()});
  }
  record.labels = Labels(labels);
  record.detector = in.Text();
  const std::uint64_t restarts = in.Count(8);
  for (std::uint64_t i = 0; i < restarts; ++i) {
    record.restarts_ms.push_back(static_cast<std::int64_t>(in.Number(8)));
  }
  record.times = static_cast<std::uint32_t>(in.Number(4));
  record.restart = in.Double();
  record.settled = in.Double();
  record.base = in.Double();
  record.seen_ms = static_cast<std::int64_t>(in.Number(8));
  return record;
}

}  // namespace

std::string EncodeLeaks(std::span<const LeakRecord> records) {
  Writer out;
  out.out().append(kMagic).push_back(kVersion);
  out.Number(records.size(), 4);
  for (const LeakRecord& record : records) Write(out, record);
  return std::move(out.out());
}

Result<std::vector<LeakRecord>> DecodeLeaks(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() <= kMagic.size()) {
    return Error{Errc::kMalformed, "not a state of leak rules"};
  }
  if (bytes[kMagic.size()] != kVersion) {
    return Error{Errc::kUnsupported,
                 "the state of leak rules has version " +
                     std::to_string(static_cast<unsigned char>(bytes[kMagic.size()])) +
                     ", expected 1"};
  }
  Reader in(bytes.substr(kMagic.size() + 1));
  std::vector<LeakRecord> records;
  constexpr std::size_t kLeastRecord = 60;
  const std::uint64_t count = in.Count(kLeastRecord);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) records.push_back(Read(in));
  if (!in.ok() || !in.at_end()) {
    return Error{Errc::kMalformed, "the state of leak rules is cut short or damaged"};
  }
  return records;
}

}  // namespace tocsin
