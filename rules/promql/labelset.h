#pragma once
// Which labels tell the groups of an aggregation or the partners of a match apart.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/labels.h"

namespace tocsin::promql {

/// A part of a label set: the labels in a list, or all but those in a list.
class LabelPart {
 public:
  static LabelPart Only(std::vector<std::string> names) { return {std::move(names), true}; }
  static LabelPart AllBut(std::vector<std::string> names) { return {std::move(names), false}; }
  /// The metric name does not count, as in without() and ignoring().
  static LabelPart AllButNameAnd(std::vector<std::string> names);

  bool Has(std::string_view name) const;
  std::uint64_t Hash(const Labels& labels) const;
  bool Equal(const Labels& a, const Labels& b) const;
  Labels Of(const Labels& labels) const;

 private:
  LabelPart(std::vector<std::string> names, bool only);

  std::vector<std::string> names_;  // sorted
  bool only_;
};

/// Numbers label sets by their parts, in the order in which the parts are first seen.
class LabelGroups {
 public:
  explicit LabelGroups(LabelPart part) : part_(std::move(part)) {}

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  /// The group of `labels`, a new one if need be.
  std::size_t Put(const Labels& labels);
  /// The group of `labels`, or kNone.
  std::size_t Find(const Labels& labels) const;

  std::size_t size() const { return members_.size(); }
  /// The labels that made the group.
  const Labels& FirstMember(std::size_t group) const { return members_[group].labels; }
  /// What all its members share.
  Labels Shared(std::size_t group) const { return part_.Of(members_[group].labels); }

 private:
  struct Member {
    Labels labels;
    std::size_t next;  // the next group whose part has the same hash
  };
  std::size_t Search(std::uint64_t hash, const Labels& labels) const;

  LabelPart part_;
  std::vector<Member> members_;
  std::unordered_map<std::uint64_t, std::size_t> by_hash_;
};

/// `{__name__="x", a="1"}`, as Prometheus writes label sets in its errors.
std::string DescribeLabels(const Labels& labels);

}  // namespace tocsin::promql
