#include "collectors/queue/pg_rows.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/parse.h"
#include "collectors/queue/pg_histogram.h"
#include "collectors/queue/queue_shape.h"
#include "collectors/seen_set.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

/// Takes a number of up to `digits` digits, and `end` after it, off the front.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits, char end) {
  std::size_t n = 0;
  while (n < text.size() && n < digits && text[n] >= '0' && text[n] <= '9') ++n;
  const auto value = ParseInt<int>(text.substr(0, n));
  if (!value) return std::nullopt;
  text.remove_prefix(n);
  if (end != '\0') {
    if (!text.starts_with(end)) return std::nullopt;
    text.remove_prefix(1);
  }
  return value;
}

/// "+00", "-03:30": seconds east of UTC. Nothing in the text: UTC.
std::optional<int> ParseOffset(std::string_view text) {
  if (text.empty()) return 0;
  const int sign = text[0] == '-' ? -1 : 1;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = TakeNumber(text, 2, '\0');
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
    const auto parsed = TakeNumber(text, 2, '\0');
    if (!parsed || !text.empty()) return std::nullopt;
    minutes = *parsed;
  }
  return sign * (*hours * 3600 + minutes * 60);
}

std::optional<double> ParseTimestamp(std::string_view text) {
  const auto year = TakeNumber(text, 6, '-');
  if (!year) return std::nullopt;
  const auto month = TakeNumber(text, 2, '-');
  if (!month) return std::nullopt;
  const auto day = TakeNumber(text, 2, ' ');
  if (!day) return std::nullopt;
  const auto hour = TakeNumber(text, 2, ':');
  if (!hour) return std::nullopt;
  const auto minute = TakeNumber(text, 2, ':');
  if (!minute) return std::nullopt;
  const auto end = std::min(text.find_first_of("+-"), text.size());
  const auto second = ParseDouble(text.substr(0, end));
  const auto offset = ParseOffset(text.substr(end));
  if (!second || !offset || *year > 9999) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86'400 + *hour * 3'600 + *minute * 60 + *second - *offset;
}

/// Which columns of an answer the query means.
struct Places {
  std::vector<std::size_t> columns;               // of each of the query's
  std::vector<std::array<std::size_t, 3>> parts;  // of each histogram: _bucket, _sum, _count
  std::size_t queue = 0;
  std::array<std::optional<std::size_t>, 5> values{};
};

Result<std::size_t> Place(const PgQuery& query, const PgRows& rows, std::string_view column) {
  const auto columns = rows.columns();
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) {
    return Error{Errc::kMalformed,
                 query.name + ": the answer has no column \"" + std::string(column) + "\""};
  }
  return static_cast<std::size_t>(found - columns.begin());
}

Result<Places> FindPlaces(const PgQuery& query, const PgRows& rows) {
  Places places;
  for (const PgColumn& column : query.columns) {
    TRY_ASSIGN(const std::size_t place, Place(query, rows, column.name));
    places.columns.push_back(place);
    if (column.usage != PgUsage::kHistogram) continue;
    auto& parts = places.parts.emplace_back();
    TRY_ASSIGN(parts[0], Place(query, rows, column.name + "_bucket"));
    TRY_ASSIGN(parts[1], Place(query, rows, column.name + "_sum"));
    TRY_ASSIGN(parts[2], Place(query, rows, column.name + "_count"));
  }
  if (query.queue_column.empty()) return places;
  TRY_ASSIGN(places.queue, Place(query, rows, query.queue_column));
  constexpr std::array<std::string_view, 5> kValues{"depth", "oldest_seconds", "enqueued",
                                                    "dequeued", "consumers"};
  bool any = false;
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    if (auto place = Place(query, rows, kValues[i])) {
      places.values[i] = *place;
      any = true;
    }
  }
  if (!any) {
    return Error{Errc::kMalformed, query.name +
                                       ": the answer has none of the columns depth, "
                                       "oldest_seconds, enqueued, dequeued, consumers"};
  }
  return places;
}

/// Nothing for NULL.
Result<std::optional<double>> Number(const PgQuery& query, const PgRows& rows, std::size_t row,
                                     std::size_t column) {
  const PgCell cell = rows.Cell(row, column);
  if (!cell) return std::optional<double>();
  const auto value = ParsePgNumber(*cell);
  if (!value) {
    return MalformedText(
        query.name + ": column " + rows.columns()[column] + " of row " + std::to_string(row + 1),
        "a number", *cell);
  }
  return value;
}

/// Nothing if any of its parts is NULL.
Result<std::optional<PgHistogram>> Histogram(const PgQuery& query, const PgRows& rows,
                                             std::size_t row, std::size_t column,
                                             const std::array<std::size_t, 3>& parts) {
  const PgCell bounds = rows.Cell(row, column);
  const PgCell buckets = rows.Cell(row, parts[0]);
  const PgCell sum = rows.Cell(row, parts[1]);
  const PgCell count = rows.Cell(row, parts[2]);
  if (!bounds || !buckets || !sum || !count) return std::optional<PgHistogram>();
  auto histogram = ParsePgHistogram({*bounds, *buckets, *sum, *count});
  if (!histogram) {
    return Error{Errc::kMalformed, query.name + ": histogram " + rows.columns()[column] +
                                       " of row " + std::to_string(row + 1) + ": " +
                                       histogram.error().message()};
  }
  return std::optional(*std::move(histogram));
}

bool IsMetric(PgUsage usage) { return usage != PgUsage::kLabel && usage != PgUsage::kDiscard; }

class RowWriter {
 public:
  RowWriter(const PgQuery& query, const PgRows& rows, const Places& places, SeenSet& names,
            FamilySink& out)
      : query_(query), rows_(rows), places_(places), names_(names), out_(out) {}

  /// Whether every cell that must be a number is one: only then may anything be written.
  Status Check() const {
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      std::size_t histograms = 0;
      for (std::size_t i = 0; i < query_.columns.size(); ++i) {
        const PgUsage usage = query_.columns[i].usage;
        if (usage == PgUsage::kHistogram) {
          TRY(Histogram(query_, rows_, row, places_.columns[i], places_.parts[histograms++]));
        } else if (IsMetric(usage)) {
          TRY(Number(query_, rows_, row, places_.columns[i]));
        }
      }
      for (const auto& place : places_.values) {
        if (place) TRY(Number(query_, rows_, row, *place));
      }
    }
    return Unit{};
  }

  Status Write() {
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      TRY(WriteMetrics(row));
      if (!query_.queue_column.empty()) TRY(WriteQueueOf(row));
    }
    return Unit{};
  }
  std::size_t doubles() const { return doubles_; }

 private:
  Status WriteMetrics(std::size_t row) {
    labels_.clear();
    key_.clear();
    for (std::size_t i = 0; i < query_.columns.size(); ++i) {
      if (query_.columns[i].usage != PgUsage::kLabel) continue;
      const std::string_view value = rows_.Cell(row, places_.columns[i]).value_or("");
      labels_.push_back({query_.columns[i].name, value});
      key_.append(std::to_string(value.size())).append(" ").append(value);
    }
    const bool has_metrics = labels_.size() < query_.columns.size();
    if (has_metrics && !seen_.Insert(key_)) {
      ++doubles_;
      return Unit{};
    }
    std::size_t histograms = 0;
    for (std::size_t i = 0; i < query_.columns.size(); ++i) {
      const PgColumn& column = query_.columns[i];
      if (column.usage == PgUsage::kHistogram) {
        TRY(WriteHistogram(row, i, places_.parts[histograms++]));
      } else if (IsMetric(column.usage)) {
        TRY_ASSIGN(const auto value, Number(query_, rows_, row, places_.columns[i]));
        if (value) out_.Add(column.family.spec(), labels_, *value);
      }
    }
    return Unit{};
  }

  Status WriteHistogram(std::size_t row, std::size_t i, const std::array<std::size_t, 3>& parts) {
    TRY_ASSIGN(const auto histogram, Histogram(query_, rows_, row, places_.columns[i], parts));
    if (!histogram) return Unit{};
    out_.AddHistogram(query_.columns[i].family.spec(), labels_,
                      {histogram->bounds, histogram->cumulative, histogram->sum, histogram->count});
    return Unit{};
  }

  Status WriteQueueOf(std::size_t row) {
    const PgCell name = rows_.Cell(row, places_.queue);
    if (!name) {
      ++doubles_;
      return Unit{};
    }
    std::array<std::optional<double>, 5> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!places_.values[i]) continue;
      TRY_ASSIGN(values[i], Number(query_, rows_, row, *places_.values[i]));
    }
    const QueueValues queue{values[0], values[1], values[2], values[3], values[4]};
    if (!WriteQueue(*name, queue, names_, out_)) ++doubles_;
    return Unit{};
  }

  const PgQuery& query_;
  const PgRows& rows_;
  const Places& places_;
  SeenSet& names_;
  FamilySink& out_;
  std::vector<LabelView> labels_;
  std::string key_;
  SeenSet seen_;
  std::size_t doubles_ = 0;
};

}  // namespace

void PgRows::Begin(std::span<const std::string_view> columns) {
  columns_.assign(columns.begin(), columns.end());
  rows_ = dropped_ = 0;
  text_.clear();
  pieces_.clear();
}

void PgRows::Add(std::span<const PgCell> cells) {
  std::size_t bytes = 0;
  for (const PgCell& cell : cells) bytes += cell ? cell->size() : 0;
  if (rows_ == max_rows_ || bytes > max_bytes_ - text_.size()) {
    ++dropped_;
    return;
  }
  ++rows_;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const PgCell cell = i < cells.size() ? cells[i] : PgCell();
    const std::string_view value = cell.value_or("");
    pieces_.push_back({static_cast<std::uint32_t>(text_.size()),
                       static_cast<std::uint32_t>(value.size()), !cell});
    text_ += value;
  }
}

PgCell PgRows::Cell(std::size_t row, std::size_t column) const {
  const Piece& piece = pieces_[row * columns_.size() + column];
  if (piece.null) return std::nullopt;
  return std::string_view(text_).substr(piece.start, piece.size);
}

std::optional<double> ParsePgNumber(std::string_view text) {
  if (text == "t") return 1;
  if (text == "f") return 0;
  if (const auto number = ParseDouble(text)) return number;
  return ParseTimestamp(text);
}

Result<std::size_t> WritePgRows(const PgQuery& query, const PgRows& rows, SeenSet& names,
                                FamilySink& out) {
  // An empty answer is one without rows, not without columns.
  TRY_ASSIGN(const Places places, FindPlaces(query, rows));
  RowWriter writer(query, rows, places, names, out);
  TRY(writer.Check());
  TRY(writer.Write());
  return writer.doubles();
}

}  // namespace tocsin
