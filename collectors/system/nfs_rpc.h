#pragma once
// The lines of /proc/net/rpc/nfs and nfsd: a key, then counters.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "metrics/writer.h"

namespace tocsin {

struct RpcLine {
  static constexpr std::size_t kMax = 128;

  std::string_view key;
  std::array<std::uint64_t, kMax> values;  // those from `count` on are 0
  std::size_t count = 0;

  double operator[](std::size_t i) const { return static_cast<double>(values[i]); }
};

/// Numbers beyond kMax, and all from the first that is no whole number on, are left out.
RpcLine ParseRpcLine(std::string_view line);

/// Adds a counter for each procedure of a line that begins with how many there are ("proc3 22 …").
/// Procedures the kernel does not know yet count 0; unnamed ones are left out. Errors: kMalformed
/// if the line is cut.
Status AddRpcProcedures(const RpcLine& line, const FamilySpec& family, std::string_view proto,
                        std::span<const std::string_view> names, FamilySink& out);

/// NFS versions 2 and 3 in the order of their procedure numbers, as node_exporter spells them.
inline constexpr std::array<std::string_view, 18> kNfs2Procedures{
    "Null",   "GetAttr", "SetAttr", "Root", "Lookup",  "ReadLink", "Read",  "WrCache", "Write",
    "Create", "Remove",  "Rename",  "Link", "SymLink", "MkDir",    "RmDir", "ReadDir", "FsStat"};
inline constexpr std::array<std::string_view, 22> kNfs3Procedures{
    "Null",    "GetAttr",     "SetAttr", "Lookup", "Access",   "ReadLink", "Read",   "Write",
    "Create",  "MkDir",       "SymLink", "MkNod",  "Remove",   "RmDir",    "Rename", "Link",
    "ReadDir", "ReadDirPlus", "FsStat",  "FsInfo", "PathConf", "Commit"};

}  // namespace tocsin
