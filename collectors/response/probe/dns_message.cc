#include "collectors/response/probe/dns_message.h"

#include <arpa/inet.h>

#include <array>

#include "base/hex.h"
#include "collectors/response/probe/dns_names.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRcodeBits = 0x000f;

void Put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

void AppendEscaped(std::string_view bytes, std::string_view special, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (special.find(c) != std::string_view::npos) {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      out += '\\';
      out += static_cast<char>('0' + byte / 100);
      out += static_cast<char>('0' + byte / 10 % 10);
      out += static_cast<char>('0' + byte % 10);
    } else {
      out += c;
    }
  }
}

void AppendQuoted(std::string_view bytes, std::string& out) {
  out += '"';
  AppendEscaped(bytes, "\"\\", out);
  out += '"';
}

/// A cursor over a message; after the first error nothing more is read.
class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message), end_(message.size()) {}

  std::size_t at() const { return at_; }
  bool ok() const { return !failed_; }
  Error Fail(std::string_view what) const {
    return {Errc::kMalformed, "DNS answer: " + std::string(what) + " at byte " +
                                  std::to_string(at_) + " of " + std::to_string(message_.size())};
  }

  unsigned Take8() {
    const std::string_view bytes = Take(1);
    return bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  }
  std::uint16_t Take16() {
    const unsigned high = Take8();
    return static_cast<std::uint16_t>(high << 8 | Take8());
  }
  std::uint32_t Take32() {
    const std::uint32_t high = Take16();
    return high << 16 | Take16();
  }
  std::string_view Take(std::size_t size) {
    if (failed_ || end_ - at_ < size) {
      failed_ = true;
      return {};
    }
    const std::string_view bytes = message_.substr(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view TakeText() { return Take(Take8()); }
  std::string_view TakeRest() { return Take(end_ - at_); }
  bool AtEnd() const { return at_ == end_; }

  /// A name, ending in a dot. Pointers lead strictly backwards, so that it ends.
  std::string TakeName() {
    std::string name;
    std::size_t limit = at_;             // pointers lead before this
    std::size_t resume = message_.npos;  // where the name ended, once a pointer was followed
    std::size_t wire_bytes = 0;
    const std::size_t own_end = end_;
    while (true) {
      const unsigned length = Take8();
      if (failed_ || length == 0) break;
      if ((length & 0xc0) == 0xc0) {
        const std::size_t target = (length & 0x3f) << 8 | Take8();
        if (resume == message_.npos) resume = at_;
        failed_ |= target >= limit;
        if (failed_) break;
        limit = at_ = target;
        end_ = message_.size();
        continue;
      }
      wire_bytes += length + 1;
      failed_ |= length > 63 || wire_bytes > kMaxNameBytes;
      AppendEscaped(Take(length), ".\\\"();@$ '", name);
      name += '.';
    }
    end_ = own_end;
    if (resume != message_.npos) at_ = resume;
    return name.empty() ? "." : name;
  }

  /// Nothing beyond `size` bytes from here is read until Leave().
  bool Enter(std::size_t size) {
    if (failed_ || end_ - at_ < size) return false;
    end_ = at_ + size;
    return true;
  }
  void Leave() {
    at_ = end_;
    end_ = message_.size();
  }

 private:
  std::string_view message_;
  std::size_t end_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

template <class... Parts>
std::string Spaced(const Parts&... parts) {
  std::string out;
  const auto append = [&](const auto& part) {
    if (!out.empty()) out += ' ';
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      out += std::to_string(part);
    } else {
      out += part;
    }
  };
  (append(parts), ...);
  return out;
}

std::string AddressText(int family, std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string TakeTexts(Reader& in) {
  std::string out;
  while (in.ok() && !in.AtEnd()) {
    if (!out.empty()) out += ' ';
    AppendQuoted(in.TakeText(), out);
  }
  return out;
}

std::string TakeHex(Reader& in, bool upper) {
  std::string out;
  AppendHex(in.TakeRest(), out, upper ? kUpperHex : kLowerHex);
  return out;
}

std::string TakeQuoted(Reader& in) {
  std::string out;
  AppendQuoted(in.TakeText(), out);
  return out;
}

/// RFC 3597: any record can be written as its bytes.
std::string TakeGeneric(Reader& in, std::size_t size) {
  const std::string prefix = "\\# " + std::to_string(size);
  return size == 0 ? prefix : prefix + " " + TakeHex(in, false);
}

std::string TakeSoa(Reader& in, DnsRecord& record) {
  const std::string server = in.TakeName();
  const std::string mailbox = in.TakeName();
  record.serial = in.Take32();
  const std::uint32_t refresh = in.Take32();
  const std::uint32_t retry = in.Take32();
  const std::uint32_t expire = in.Take32();
  return Spaced(server, mailbox, *record.serial, refresh, retry, expire, in.Take32());
}

std::string TakeSrv(Reader& in) {
  const std::uint16_t priority = in.Take16();
  const std::uint16_t weight = in.Take16();
  const std::uint16_t port = in.Take16();
  return Spaced(priority, weight, port, in.TakeName());
}

std::string TakeNaptr(Reader& in) {
  const std::uint16_t order = in.Take16();
  const std::uint16_t preference = in.Take16();
  const std::string flags = TakeQuoted(in);
  const std::string service = TakeQuoted(in);
  const std::string regexp = TakeQuoted(in);
  return Spaced(order, preference, flags, service, regexp, in.TakeName());
}

std::string TakeCaa(Reader& in) {
  const unsigned flags = in.Take8();
  std::string tag;
  AppendEscaped(in.TakeText(), "\\", tag);
  std::string value;
  AppendQuoted(in.TakeRest(), value);
  return Spaced(flags, tag, value);
}

std::string TakeData(Reader& in, std::size_t size, DnsRecord& record) {
  namespace t = dns_type;
  switch (record.type) {
    case t::kA:
      if (size == 4) return AddressText(AF_INET, in.Take(size));
      break;
    case t::kAaaa:
      if (size == 16) return AddressText(AF_INET6, in.Take(size));
      break;
    case t::kNs:
    case t::kCname:
    case t::kPtr:
    case t::kDname:
      return in.TakeName();
    case t::kMx: {
      const std::uint16_t preference = in.Take16();
      return Spaced(preference, in.TakeName());
    }
    case t::kSoa:
      return TakeSoa(in, record);
    case t::kTxt:
    case t::kSpf:
    case t::kHinfo:
      return TakeTexts(in);
    case t::kSrv:
      return TakeSrv(in);
    case t::kNaptr:
      return TakeNaptr(in);
    case t::kCaa:
      return TakeCaa(in);
    case t::kDs: {
      const std::uint16_t tag = in.Take16();
      const unsigned algorithm = in.Take8();
      const unsigned digest = in.Take8();
      return Spaced(tag, algorithm, digest, TakeHex(in, true));
    }
    case t::kSshfp: {
      const unsigned algorithm = in.Take8();
      const unsigned kind = in.Take8();
      return Spaced(algorithm, kind, TakeHex(in, true));
    }
    case t::kTlsa: {
      const unsigned usage = in.Take8();
      const unsigned selector = in.Take8();
      const unsigned matching = in.Take8();
      return Spaced(usage, selector, matching, TakeHex(in, false));
    }
    default:
      break;
  }
  return TakeGeneric(in, size);
}

Result<DnsRecord> TakeRecord(Reader& in, std::uint16_t& rcode) {
  const std::string name = in.TakeName();
  DnsRecord record;
  record.type = in.Take16();
  const std::uint16_t klass = in.Take16();
  const std::uint32_t ttl = in.Take32();
  const std::size_t size = in.Take16();
  if (!in.Enter(size)) return in.Fail("a record is cut");
  if (record.type == dns_type::kOpt) {
    rcode = static_cast<std::uint16_t>(rcode | (ttl >> 24) << 4);  // RFC 6891, 6.1.3
  }
  record.text = name + "\t" + std::to_string(ttl) + "\t" + DnsClassName(klass) + "\t" +
                DnsTypeName(record.type) + "\t" + TakeData(in, size, record);
  if (!in.ok()) return in.Fail("a record of type " + DnsTypeName(record.type) + " is malformed");
  if (!in.AtEnd()) return in.Fail("a record has bytes too many");
  in.Leave();
  return record;
}

}  // namespace

std::string BuildDnsQuery(const DnsQuestion& question) {
  std::string out;
  Put16(out, question.id);
  Put16(out, question.recursion_desired ? kRecursionDesired : 0);
  for (const unsigned count : {1u, 0u, 0u, question.udp_bytes > 0 ? 1u : 0u}) Put16(out, count);
  std::string_view name = question.name;
  while (!name.empty() && name != ".") {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out += '\0';
  Put16(out, question.type);
  Put16(out, question.klass);
  if (question.udp_bytes > 0) {  // RFC 6891, 6.1.2
    out += '\0';
    Put16(out, dns_type::kOpt);
    Put16(out, question.udp_bytes);
    out.append(6, '\0');
  }
  return out;
}

Result<DnsAnswer> ParseDnsAnswer(std::string_view message) {
  Reader in(message);
  if (message.size() < kHeaderBytes) return in.Fail("shorter than a header");
  DnsAnswer answer;
  answer.id = in.Take16();
  const std::uint16_t flags = in.Take16();
  answer.is_response = flags & kResponse;
  answer.truncated = flags & kTruncated;
  answer.rcode = flags & kRcodeBits;
  const std::uint16_t questions = in.Take16();
  std::array<std::uint16_t, 3> counts{};
  for (std::uint16_t& count : counts) count = in.Take16();
  for (std::uint16_t i = 0; i < questions && in.ok(); ++i) {
    in.TakeName();
    in.Take32();
  }
  if (!in.ok()) return in.Fail("the question is malformed");
  const std::array<std::vector<DnsRecord>*, 3> sections{&answer.answer, &answer.authority,
                                                        &answer.additional};
  for (std::size_t section = 0; section < sections.size(); ++section) {
    for (std::uint16_t i = 0; i < counts[section]; ++i) {
      // A truncated answer may promise more than it holds.
      if (answer.truncated && in.AtEnd()) return answer;
      TRY_ASSIGN(DnsRecord record, TakeRecord(in, answer.rcode));
      sections[section]->push_back(std::move(record));
    }
  }
  return answer;
}

}  // namespace tocsin::probe
