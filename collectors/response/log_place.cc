#include "collectors/response/log_place.h"

#include <dirent.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/ascii.h"
#include "base/json.h"

namespace tocsin {
namespace {

/// Names of a folder that are looked at.
constexpr int kMaxNames = 20'000;

/// What rotation puts into a name: a number or a date.
bool IsStamp(std::string_view text) {
  if (text.size() < 2 || std::string_view(".-_").find(text.front()) == std::string_view::npos) {
    return false;
  }
  return IsAsciiDigit(text[1]) && std::all_of(text.begin() + 1, text.end(), [](char c) {
           return IsAsciiDigit(c) || std::string_view(".-_:T").find(c) != std::string_view::npos;
         });
}

void WriteMark(std::string_view key, const LogMark& mark, JsonWriter& json) {
  json.Key(key).BeginArray().Int(mark.bytes).Int(static_cast<std::int64_t>(mark.hash)).EndArray();
}

using Json = simdjson::dom::element;

/// These throw simdjson's error where something else stands.
std::uint64_t NumberIn(const Json& object, const char* key) {
  return static_cast<std::uint64_t>(object[key].get_int64().value());
}

LogMark MarkIn(const Json& object, const char* key) {
  const simdjson::dom::array pair = object[key].get_array().value();
  const auto bytes = static_cast<std::uint64_t>(pair.at(0).get_int64().value());
  return {static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, LogMark::kMost)),
          static_cast<std::uint64_t>(pair.at(1).get_int64().value())};
}

LogPlace PlaceIn(const Json& object) {
  LogPlace place;
  place.device = NumberIn(object, "device");
  place.inode = NumberIn(object, "inode");
  place.offset = NumberIn(object, "offset");
  place.skipping = object["skipping"].get_bool().value();
  place.head = MarkIn(object, "head");
  place.tail = MarkIn(object, "tail");
  place.tail.bytes =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(place.tail.bytes, place.offset));
  return place;
}

}  // namespace

std::size_t ReadFileAt(int fd, char* out, std::size_t bytes, std::uint64_t offset) {
  std::size_t size = 0;
  while (size < bytes) {
    const ssize_t n = ::pread(fd, out + size, bytes - size, static_cast<off_t>(offset + size));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  return size;
}

LogMark MarkOf(std::string_view text) {
  LogMark mark{static_cast<std::uint32_t>(text.size()), LogMark::kOfNothing};
  for (const char c : text) {
    mark.hash = (mark.hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return mark;
}

LogMark MarkAt(int fd, std::uint64_t offset, std::uint64_t bytes) {
  std::array<char, LogMark::kMost> text{};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, text.size()));
  return MarkOf({text.data(), ReadFileAt(fd, text.data(), wanted, offset)});
}

std::string EncodeLogPositions(const std::vector<LogPosition>& positions) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("version").Int(1).Key("logs").BeginArray();
  for (const LogPosition& position : positions) {
    json.BeginObject().Key("path").String(position.path).Key("files").BeginArray();
    for (const LogPlace& place : position.files) {
      json.BeginObject();
      json.Key("device").Int(static_cast<std::int64_t>(place.device));
      json.Key("inode").Int(static_cast<std::int64_t>(place.inode));
      json.Key("offset").Int(static_cast<std::int64_t>(place.offset));
      json.Key("skipping").Bool(place.skipping);
      WriteMark("head", place.head, json);
      WriteMark("tail", place.tail, json);
      json.EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return out += '\n';
}

Result<std::vector<LogPosition>> DecodeLogPositions(std::string_view text) {
  try {
    simdjson::dom::parser parser;
    const Json json = parser.parse(text.data(), text.size()).value();
    if (NumberIn(json, "version") != 1) return Error{Errc::kMalformed, "of another version"};
    std::vector<LogPosition> positions;
    const simdjson::dom::array logs = json["logs"].get_array().value();
    for (const Json log : logs) {
      LogPosition& position = positions.emplace_back();
      position.path = std::string(log["path"].get_string().value());
      const simdjson::dom::array files = log["files"].get_array().value();
      for (const Json file : files) position.files.push_back(PlaceIn(file));
    }
    return positions;
  } catch (const simdjson::simdjson_error& error) {
    return Error{Errc::kMalformed, error.what()};
  }
}

bool IsRotationOf(std::string_view name, std::string_view log) {
  if (name.starts_with(log) && IsStamp(name.substr(log.size()))) return true;
  const std::size_t dot = log.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view stem = log.substr(0, dot);
  const std::string_view extension = log.substr(dot);
  if (!name.starts_with(stem) || !name.ends_with(extension) || name.size() <= log.size()) {
    return false;
  }
  return IsStamp(name.substr(stem.size(), name.size() - log.size()));
}

std::vector<RotatedLog> RotationsOf(const std::string& path) {
  const std::size_t slash = path.rfind('/') + 1;
  const std::string folder = path.substr(0, slash);
  const std::string_view log = std::string_view(path).substr(slash);
  std::vector<RotatedLog> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (!dir) return found;
  for (int i = 0; i < kMaxNames; ++i) {
    const dirent* const entry = ::readdir(dir.get());
    if (!entry) break;
    if (!IsRotationOf(entry->d_name, log)) continue;
    std::string other = folder + entry->d_name;
    struct stat info {};
    if (::stat(other.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    found.push_back({std::move(other), info.st_dev, info.st_ino,
                     seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec)});
  }
  std::sort(found.begin(), found.end(),
            [](const RotatedLog& a, const RotatedLog& b) { return a.changed < b.changed; });
  return found;
}

}  // namespace tocsin
