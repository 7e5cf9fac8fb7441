#include "collectors/system/nfs_rpc.h"

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {

RpcLine ParseRpcLine(std::string_view line) {
  RpcLine out;
  out.values.fill(0);
  out.key = TakeField(line);
  while (out.count < RpcLine::kMax) {
    const auto value = ParseInt<std::uint64_t>(TakeField(line));
    if (!value) break;
    out.values[out.count++] = *value;
  }
  return out;
}

Status AddRpcProcedures(const RpcLine& line, const FamilySpec& family, std::string_view proto,
                        std::span<const std::string_view> names, FamilySink& out) {
  if (line.count == 0 || line.values[0] + 1 != line.count) {
    return Error{Errc::kMalformed, std::string(line.key) + ": says it has " +
                                       std::to_string(line.values[0]) + " counters, has " +
                                       std::to_string(line.count == 0 ? 0 : line.count - 1)};
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) out.Add(family, {{"method", names[i]}, {"proto", proto}}, line[i + 1]);
  }
  return Unit{};
}

}  // namespace tocsin
