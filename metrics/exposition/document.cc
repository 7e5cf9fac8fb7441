#include <algorithm>
#include <functional>

#include "metrics/exposition/parse.h"
#include "metrics/exposition/reader.h"

namespace tocsin::exposition {
namespace {

constexpr std::uint64_t Mix(std::uint64_t h) {
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDULL;
  return h ^ (h >> 33);
}

/// Equal for the same series at the same time, whatever the order of its labels. Labels without a
/// value count as absent.
std::uint64_t SampleHash(const ParsedSample& sample) {
  const std::hash<std::string_view> hash;
  std::uint64_t sum = 0;
  for (const LabelView& label : sample.labels) {
    if (!label.value.empty()) sum += Mix(hash(label.name) * 31 + hash(label.value));
  }
  sum = Mix(sum + (std::uint64_t{sample.family} << 8) + static_cast<std::uint64_t>(sample.suffix));
  return sample.timestamp_ms ? Mix(sum ^ Mix(static_cast<std::uint64_t>(*sample.timestamp_ms)))
                             : sum;
}

}  // namespace

/// Copies what does not outlive the callback.
class Document::Collect final : public ParseVisitor {
 public:
  Collect(Document& document, std::string_view input) : document_(document), input_(input) {}

  Status OnSample(const ParsedFamily&, const ParsedSample& sample) override {
    document_.label_at_.push_back(document_.labels_.size());
    for (const LabelView& label : sample.labels) {
      document_.labels_.push_back({Keep(label.name), Keep(label.value)});
    }
    document_.hashes_.push_back({SampleHash(sample), sample.line});
    document_.samples_.push_back(sample);
    document_.samples_.back().exemplar.reset();
    return Unit{};
  }

 private:
  std::string_view Keep(std::string_view text) {
    if (IsPartOf(text, input_)) return text;
    return document_.texts_.emplace_back(text);
  }

  Document& document_;
  std::string_view input_;
};

void Document::Clear() {
  families_.clear();
  samples_.clear();
  labels_.clear();
  label_at_.clear();
  hashes_.clear();
  texts_.clear();
}

Status Document::Parse(std::string_view input, const ParseOptions& options) {
  Clear();
  Collect collect(*this, input);
  Status status = Reader(options, families_, texts_, collect).Run(input);
  if (status.ok()) status = CheckUnique(options.source);
  if (!status.ok()) {
    Clear();
    return status;
  }
  label_at_.push_back(labels_.size());
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    samples_[i].labels = std::span(labels_).subspan(label_at_[i], label_at_[i + 1] - label_at_[i]);
  }
  return status;
}

Status Document::CheckUnique(std::string_view source) {
  std::sort(hashes_.begin(), hashes_.end());
  const auto twice =
      std::adjacent_find(hashes_.begin(), hashes_.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == hashes_.end()) return Unit{};
  return ErrorAt(source, std::next(twice)->second, 1,
                 "the same series stands in line " + std::to_string(twice->second) + " already",
                 Errc::kMalformed);
}

}  // namespace tocsin::exposition
