#include "rules/template/fmt.h"

#include <charconv>
#include <cstdlib>

#include "rules/template/fmt_spec.h"
#include "rules/template/types.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

constexpr std::size_t kMostWidth = 1'000'000;  // Go takes larger widths for mistakes too

class Printer {
 public:
  explicit Printer(std::size_t limit) : limit_(limit) {}

  void Printf(std::string_view format, std::span<const Value> args);
  /// One value in the form of `verb`; `depth` counts the lists, maps and structs around it.
  void PrintArg(const Value& value, char32_t verb, int depth);
  void Append(std::string_view text) { out_ += text; }
  FormatSpec& spec() { return spec_; }

  Result<std::string> Take() && {
    if (out_.size() > limit_) {
      return Error{Errc::kLimit, "text would be longer than " + std::to_string(limit_) + " bytes"};
    }
    return std::move(out_);
  }

 private:
  void Flags();
  void ArgNumber();
  void Width();
  void Precision();
  void Verb();
  void Extra();
  std::optional<std::size_t> Number();
  std::optional<std::int64_t> IntArg();

  void BadVerb(const Value& value, char32_t verb);
  void Elements(const Value& value, char32_t verb, int depth);
  void Basic(const Value& value, char32_t verb);
  void Text(std::string_view text, char32_t verb);
  bool Full() const { return out_.size() > limit_; }

  const std::size_t limit_;
  std::string out_;
  FormatSpec spec_;

  // Of Printf only.
  std::string_view rest_;  // the format from here on
  std::span<const Value> args_;
  std::size_t arg_ = 0;
  bool good_index_ = true;
  bool reordered_ = false;
  bool after_index_ = false;
  bool erroring_ = false;  // within a complaint: String() methods are not used
};

std::string VerbText(char32_t verb) {
  std::string text;
  AppendRune(verb, text);
  return text;
}

bool OneOf(char32_t verb, std::string_view verbs) {
  return verb < 0x80 && verbs.find(static_cast<char>(verb)) != std::string_view::npos;
}

void Printer::BadVerb(const Value& value, char32_t verb) {
  const bool outer = erroring_;
  erroring_ = true;
  out_ += "%!" + VerbText(verb) + "(";
  if (!value.is_nil()) {
    out_ += value.type_name();
    out_ += '=';
  }
  PrintArg(value, U'v', 0);
  out_ += ')';
  erroring_ = outer;
}

void Printer::Text(std::string_view text, char32_t verb) {
  FormatString(text, verb == U'v' ? (spec_.sharp_v ? 'q' : 's') : static_cast<char>(verb), spec_,
               out_);
}

void Printer::Basic(const Value& value, char32_t verb) {
  const char ascii = static_cast<char>(verb);
  switch (value.kind()) {
    case Kind::kBool:
      if (!OneOf(verb, "tv")) return BadVerb(value, verb);
      return FormatBool(value.AsBool(), spec_, out_);
    case Kind::kInt:
    case Kind::kDuration: {
      const std::int64_t number =
          value.kind() == Kind::kInt ? value.AsInt() : value.AsDuration().nanos;
      if (!OneOf(verb, "vdboOxXcqU")) return BadVerb(value, verb);
      if (verb == U'v' && spec_.sharp_v && value.type() == &kByteType) {
        FormatSpec hex = spec_;
        hex.sharp = true;
        return FormatInteger(number, 'x', hex, out_);
      }
      return FormatInteger(number, verb == U'v' ? 'd' : ascii, spec_, out_);
    }
    case Kind::kFloat:
      if (!OneOf(verb, "vbgGxXfFeE")) return BadVerb(value, verb);
      return FormatFloat(value.AsFloat(), ascii, spec_, out_);
    case Kind::kString:
      if (!OneOf(verb, "vsxXq")) return BadVerb(value, verb);
      return Text(value.AsString(), verb);
    default:
      return BadVerb(value, verb);
  }
}

void Printer::Elements(const Value& value, char32_t verb, int depth) {
  const std::string_view between = spec_.sharp_v ? ", " : " ";
  const bool list = value.kind() == Kind::kList;
  const bool map = value.kind() == Kind::kMap;
  if (value.type()->pointer) out_ += '&';
  if (spec_.sharp_v) {
    const std::string_view name = value.type_name();
    out_ += name.substr(value.type()->pointer ? 1 : 0);
    out_ += '{';
  } else {
    out_ += list ? "[" : map ? "map[" : "{";
  }
  const std::size_t shown = value.size() - value.type()->hidden_fields;
  for (std::size_t i = 0; i < shown && !Full(); ++i) {
    if (i > 0) out_ += between;
    if (list) {
      PrintArg(value.AsList()[i], verb, depth + 1);
      continue;
    }
    const auto entry = value.Entry(i);
    if (map) {
      PrintArg(Value::String(std::string(entry.first)), verb, depth + 1);
    } else if (spec_.plus_v || spec_.sharp_v) {
      out_ += entry.first;
    }
    if (map || spec_.plus_v || spec_.sharp_v) out_ += ':';
    PrintArg(entry.second, verb, depth + 1);
  }
  out_ += spec_.sharp_v || !(list || map) ? '}' : ']';
}

void Printer::PrintArg(const Value& value, char32_t verb, int depth) {
  if (Full()) return;
  if (value.is_nil()) {
    if (depth > 0 && spec_.sharp_v) {
      out_ += "interface {}(nil)";
    } else if (verb == U'v' || verb == U'T') {
      FormatString("<nil>", 's', spec_, out_);
    } else {
      out_ += "%!" + VerbText(verb) + "(<nil>)";
    }
    return;
  }
  if (verb == U'T') return FormatString(value.type_name(), 's', spec_, out_);
  if (value.type()->to_string && !erroring_ && !spec_.sharp_v && OneOf(verb, "vsxXq")) {
    return Text(value.type()->to_string(value), verb);
  }
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kMap:
    case Kind::kStruct:
      return Elements(value, verb, depth);
    case Kind::kTime:
      if (verb == U'v') return Text(kTimeType.to_string(value), U's');
      return BadVerb(value, verb);
    default:
      return Basic(value, verb);
  }
}

void Printer::Flags() {
  spec_ = FormatSpec{};
  for (; !rest_.empty(); rest_.remove_prefix(1)) {
    switch (rest_[0]) {
      case '#':
        spec_.sharp = true;
        break;
      case '0':
        spec_.zero = !spec_.minus;
        break;
      case '+':
        spec_.plus = true;
        break;
      case '-':
        spec_.minus = true;
        spec_.zero = false;
        break;
      case ' ':
        spec_.space = true;
        break;
      default:
        return;
    }
  }
}

/// "[3]": the next operand's number, from 1.
void Printer::ArgNumber() {
  after_index_ = false;
  if (!rest_.starts_with('[')) return;
  reordered_ = true;
  const auto close = rest_.find(']');
  if (rest_.size() < 3 || close == std::string_view::npos) {
    rest_.remove_prefix(1);
    good_index_ = false;
    return;
  }
  const std::string_view inside = rest_.substr(1, close - 1);
  rest_.remove_prefix(close + 1);
  std::size_t index = 0;
  const auto [end, ec] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  const bool number = ec == std::errc{} && end == inside.data() + inside.size();
  after_index_ = number;
  if (number && index >= 1 && index <= args_.size()) {
    arg_ = index - 1;
  } else {
    good_index_ = false;
  }
}

std::optional<std::size_t> Printer::Number() {
  std::optional<std::size_t> number;
  while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
    if (number.value_or(0) > kMostWidth) {
      rest_ = {};
      return std::nullopt;
    }
    number = number.value_or(0) * 10 + static_cast<std::size_t>(rest_[0] - '0');
    rest_.remove_prefix(1);
  }
  return number;
}

/// The next operand as a width or precision.
std::optional<std::int64_t> Printer::IntArg() {
  if (arg_ >= args_.size()) return std::nullopt;
  const Value& value = args_[arg_++];
  if (value.kind() != Kind::kInt) return std::nullopt;
  const std::int64_t number = value.AsInt();
  if (number > static_cast<std::int64_t>(kMostWidth) ||
      number < -static_cast<std::int64_t>(kMostWidth)) {
    return std::nullopt;
  }
  return number;
}

void Printer::Width() {
  if (!rest_.starts_with('*')) {
    spec_.width = Number();
    if (after_index_ && spec_.width) good_index_ = false;  // "%[3]2d"
    return;
  }
  rest_.remove_prefix(1);
  const auto width = IntArg();
  if (!width) out_ += "%!(BADWIDTH)";
  if (width && *width < 0) {
    spec_.minus = true;
    spec_.zero = false;
  }
  if (width) spec_.width = static_cast<std::size_t>(std::abs(*width));
  after_index_ = false;
}

void Printer::Precision() {
  if (!rest_.starts_with('.')) return;
  rest_.remove_prefix(1);
  if (after_index_) good_index_ = false;  // "%[3].2d"
  ArgNumber();
  if (!rest_.starts_with('*')) {
    spec_.precision = Number().value_or(0);
    return;
  }
  rest_.remove_prefix(1);
  const auto precision = IntArg();
  if (precision && *precision >= 0) {
    spec_.precision = static_cast<std::size_t>(*precision);
  } else {
    out_ += "%!(BADPREC)";
  }
  after_index_ = false;
}

void Printer::Verb() {
  if (rest_.empty()) {
    out_ += "%!(NOVERB)";
    return;
  }
  const Rune verb = DecodeRune(rest_);
  rest_.remove_prefix(verb.size);
  if (verb.value == U'%') {
    out_ += '%';
  } else if (!good_index_) {
    out_ += "%!" + VerbText(verb.value) + "(BADINDEX)";
  } else if (arg_ >= args_.size()) {
    out_ += "%!" + VerbText(verb.value) + "(MISSING)";
  } else {
    if (verb.value == U'v') {
      spec_.sharp_v = std::exchange(spec_.sharp, false);
      spec_.plus_v = std::exchange(spec_.plus, false);
    }
    PrintArg(args_[arg_++], verb.value, 0);
  }
}

void Printer::Extra() {
  spec_ = FormatSpec{};
  out_ += "%!(EXTRA ";
  for (std::size_t i = arg_; i < args_.size() && !Full(); ++i) {
    if (i > arg_) out_ += ", ";
    if (!args_[i].is_nil()) {
      out_ += args_[i].type_name();
      out_ += '=';
    }
    PrintArg(args_[i], U'v', 0);
  }
  out_ += ')';
}

void Printer::Printf(std::string_view format, std::span<const Value> args) {
  rest_ = format;
  args_ = args;
  while (!rest_.empty() && !Full()) {
    const auto percent = std::min(rest_.find('%'), rest_.size());
    out_ += rest_.substr(0, percent);
    rest_.remove_prefix(percent);
    if (rest_.empty()) break;
    rest_.remove_prefix(1);
    good_index_ = true;
    after_index_ = false;
    Flags();
    ArgNumber();
    Width();
    Precision();
    if (!after_index_) ArgNumber();
    Verb();
  }
  if (!reordered_ && arg_ < args_.size()) Extra();
}

}  // namespace

Result<std::string> Sprintf(std::string_view format, std::span<const Value> args,
                            std::size_t limit) {
  Printer printer(limit);
  printer.Printf(format, args);
  return std::move(printer).Take();
}

Result<std::string> Sprint(std::span<const Value> args, std::size_t limit) {
  Printer printer(limit);
  bool after_string = true;
  for (const Value& arg : args) {
    const bool is_string = arg.kind() == Kind::kString;
    if (!is_string && !after_string) printer.Append(" ");
    printer.PrintArg(arg, U'v', 0);
    after_string = is_string;
  }
  return std::move(printer).Take();
}

Result<std::string> Sprintln(std::span<const Value> args, std::size_t limit) {
  Printer printer(limit);
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0) printer.Append(" ");
    printer.PrintArg(args[i], U'v', 0);
  }
  printer.Append("\n");
  return std::move(printer).Take();
}

Result<std::string> Printed(const Value& value, std::size_t limit) {
  if (value.is_nil()) return std::string("<no value>");
  TRY_ASSIGN(std::string text, Sprint(std::span(&value, 1), limit));
  if (value.type()->pointer && text.starts_with('&')) text.erase(0, 1);
  return text;
}

std::string FourDigits(double value) {
  std::string out;
  FormatFloat(value, 'g', {.precision = 4}, out);
  return out;
}

}  // namespace tocsin::tmpl
