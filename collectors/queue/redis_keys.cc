#include "collectors/queue/redis_keys.h"

#include <array>
#include <utility>

namespace tocsin {
namespace {

/// Longer names would be no labels.
constexpr std::size_t kMaxNameBytes = 512;
constexpr std::size_t kMaxCursorBytes = 32;  // 64 bits in decimal

struct Type {
  std::string_view name;
  RedisType type;
  std::string_view size_command;
};
constexpr std::array kTypes{
    Type{"none", RedisType::kAbsent, ""},       Type{"list", RedisType::kList, "LLEN"},
    Type{"set", RedisType::kSet, "SCARD"},      Type{"zset", RedisType::kSortedSet, "ZCARD"},
    Type{"hash", RedisType::kHash, "HLEN"},     Type{"string", RedisType::kString, "STRLEN"},
    Type{"stream", RedisType::kStream, "XLEN"},
};

}  // namespace

RedisType RedisTypeNamed(std::string_view name) {
  for (const Type& type : kTypes) {
    if (type.name == name) return type.type;
  }
  return RedisType::kOther;
}

std::string_view RedisSizeCommand(RedisType wanted) {
  for (const Type& type : kTypes) {
    if (type.type == wanted) return type.size_command;
  }
  return {};
}

RedisKeys::RedisKeys(const std::vector<std::string>& wanted, std::size_t max_keys)
    : max_keys_(max_keys) {
  for (const std::string& name : wanted) {
    if (name.find_first_of("*?[") != std::string::npos) {
      patterns_.push_back(name);
    } else {
      keys_[name].named = true;
    }
  }
}

std::optional<RedisKeys::Scan> RedisKeys::Next() const {
  if (patterns_.empty()) return std::nullopt;
  return Scan{cursor_, patterns_[pattern_]};
}

bool RedisKeys::Take(std::string_view cursor, const std::vector<std::string_view>& found) {
  for (const std::string_view name : found) Add(name);
  cursor_ = cursor.size() > kMaxCursorBytes ? "0" : cursor;
  if (cursor_ != "0") return false;
  if (++pattern_ < patterns_.size()) return false;
  EndSweep();
  return true;
}

void RedisKeys::Add(std::string_view name) {
  const auto known = keys_.find(name);
  if (known != keys_.end()) {
    known->second.sweep = sweep_;
    return;
  }
  if (keys_.size() >= max_keys_ || name.size() > kMaxNameBytes) {
    ++dropped_;
    return;
  }
  keys_[std::string(name)].sweep = sweep_;
}

void RedisKeys::EndSweep() {
  std::erase_if(keys_, [&](const auto& entry) {
    return !entry.second.named && entry.second.sweep != sweep_;
  });
  pattern_ = 0;
  ++sweep_;
  last_dropped_ = std::exchange(dropped_, 0);
}

}  // namespace tocsin
