#pragma once
#include <optional>
#include <string_view>

namespace tocsin {

/// A number as bcache's bch_hprint() writes it: "790.0k", "-1.1M", "1305"; units are powers of
/// 1024. The digits after the point are 1024ths cut to tenths of a hundred, so that ".10" is more
/// than
/// ".9" (Linux, drivers/md/bcache/util.c). Whole bytes; nothing if it is no such number.
std::optional<double> ParseBcacheNumber(std::string_view text);

}  // namespace tocsin
