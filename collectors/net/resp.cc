#include "collectors/net/resp.h"

#include <hiredis/read.h>

#include <charconv>

#include "base/utf8.h"

namespace tocsin::net {
namespace {

/// What one reply may still cost, where hiredis's callbacks find it.
struct Budget {
  std::size_t elements = 0;
  bool exceeded = false;
};

/// Where the object of `task` belongs: its place in the array around it, or a new root.
Reply* PlaceOf(const redisReadTask* task) {
  if (!task->parent) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->elements[static_cast<std::size_t>(task->idx)];
}

void* CreateString(const redisReadTask* task, char* text, std::size_t size) {
  Reply* const reply = PlaceOf(task);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::kError
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::kStatus
                                                   : Reply::Kind::kString;
  reply->text.assign(text, size);
  return reply;
}

void* CreateArray(const redisReadTask* task, int elements) {
  auto& budget = *static_cast<Budget*>(task->privdata);
  const auto count = static_cast<std::size_t>(elements);
  if (elements < 0 || count > budget.elements) {
    budget.exceeded = true;
    return nullptr;
  }
  budget.elements -= count;
  Reply* const reply = PlaceOf(task);
  reply->kind = Reply::Kind::kArray;
  reply->elements.resize(count);
  return reply;
}

void* CreateInteger(const redisReadTask* task, long long value) {
  Reply* const reply = PlaceOf(task);
  reply->kind = Reply::Kind::kInteger;
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) { return PlaceOf(task); }

void FreeObject(void* root) { delete static_cast<Reply*>(root); }

redisReplyObjectFunctions kFunctions{CreateString, CreateArray, CreateInteger, CreateNil,
                                     FreeObject};

void AppendNumber(char sign, std::size_t number, std::string& out) {
  out.append(1, sign).append(std::to_string(number)).append("\r\n");
}

}  // namespace

struct RespReader::Parts {
  RespLimits limits;
  Budget budget;
  redisReader* reader = nullptr;
};

RespReader::RespReader(RespLimits limits) : parts_(std::make_unique<Parts>()) {
  parts_->limits = limits;
  parts_->budget.elements = limits.max_elements;
  parts_->reader = redisReaderCreateWithFunctions(&kFunctions);
  parts_->reader->privdata = &parts_->budget;
}

RespReader::~RespReader() { redisReaderFree(parts_->reader); }

void RespReader::Feed(std::string_view bytes) {
  redisReaderFeed(parts_->reader, bytes.data(), bytes.size());
}

Result<std::optional<Reply>> RespReader::Next() {
  redisReader& reader = *parts_->reader;
  void* object = nullptr;
  const bool read = redisReaderGetReply(&reader, &object) == REDIS_OK;
  if (parts_->budget.exceeded) {
    return Error{Errc::kLimit, "a reply of more than " +
                                   std::to_string(parts_->limits.max_elements) + " elements"};
  }
  if (!read) return Error{Errc::kMalformed, "no Redis reply: " + OneLine(reader.errstr, 150)};
  if (!object) {
    // hiredis keeps what it has read of a reply: an announced length is believed only so far.
    if (reader.len - reader.pos <= parts_->limits.max_bytes) return std::optional<Reply>();
    return Error{Errc::kLimit,
                 "a reply of more than " + std::to_string(parts_->limits.max_bytes) + " bytes"};
  }
  parts_->budget.elements = parts_->limits.max_elements;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
  return std::optional<Reply>(std::move(*reply));
}

void AppendCommand(std::span<const std::string_view> words, std::string& out) {
  AppendNumber('*', words.size(), out);
  for (const std::string_view word : words) {
    AppendNumber('$', word.size(), out);
    out.append(word).append("\r\n");
  }
}

}  // namespace tocsin::net
