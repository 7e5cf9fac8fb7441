#pragma once
// From the text of rows to samples. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/queue/pg_query.h"
#include "collectors/seen_set.h"
#include "metrics/writer.h"

namespace tocsin {

using PgCell = std::optional<std::string_view>;  // nothing: NULL

/// An answer kept as text, as much of it as is allowed.
class PgRows {
 public:
  PgRows(std::size_t max_rows, std::size_t max_bytes)
      : max_rows_(max_rows), max_bytes_(max_bytes) {}

  void Begin(std::span<const std::string_view> columns);
  /// As many cells as columns. Rows past the limits are dropped and counted.
  void Add(std::span<const PgCell> cells);

  std::size_t size() const { return rows_; }
  std::size_t dropped() const { return dropped_; }
  std::span<const std::string> columns() const { return columns_; }
  PgCell Cell(std::size_t row, std::size_t column) const;

 private:
  struct Piece {
    std::uint32_t start;
    std::uint32_t size;
    bool null;
  };

  const std::size_t max_rows_;
  const std::size_t max_bytes_;
  std::vector<std::string> columns_;
  std::size_t rows_ = 0;
  std::size_t dropped_ = 0;
  std::string text_;
  std::vector<Piece> pieces_;
};

/// A number, `t` or `f`, or a timestamp ("2024-02-29 12:00:00.5+00") as seconds since the epoch.
std::optional<double> ParsePgNumber(std::string_view text);

/// Writes the samples of an answer; `names` are of all queries of a round (WriteQueue). NULL is no
/// sample; of rows with equal labels the first counts, the number of the others is returned.
/// Errors: kMalformed if a column that the query declares is not there or a metric's cell is no
/// number: then nothing of the answer should count.
Result<std::size_t> WritePgRows(const PgQuery& query, const PgRows& rows, SeenSet& names,
                                FamilySink& out);

}  // namespace tocsin
