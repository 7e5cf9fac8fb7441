#pragma once
// Puts values into HTML so that they stay what they are: text, whatever is in them. Follows the
// literal parts of a template through HTML's contexts, as Go's html/template does beforehand.

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace tocsin::tmpl {

class HtmlEscaper {
 public:
  /// Takes note of text of the template itself, which is output as it is.
  void Literal(std::string_view text);
  /// Appends `text`, the printed form of `value`, as it must be written where the output stands.
  void Append(const Value& value, std::string_view text, std::string& out);

 private:
  enum class Context : std::uint8_t {
    kText,
    kComment,
    kTagName,      // <name
    kTag,          // within a tag, between attributes
    kAttrName,     // also after it
    kBeforeValue,  // after =
    kAttrValue,
    kScript,
    kStyle,
    kPlainText,  // <title>, <textarea>: text without tags
  };
  enum class Attr : std::uint8_t { kPlain, kUrl, kScript, kStyle };
  enum class UrlPart : std::uint8_t { kStart, kPath, kQuery };

  void Step(char c);
  void StepText();
  void StepTag(char c);
  void StepAttrName(char c);
  void StepAttrValue(char c);
  void StepElement();
  void StepScript(char c);
  void StartValue(char quote);
  void EndTag();
  bool TailEndsWith(std::string_view end) const { return std::string_view(tail_).ends_with(end); }
  std::string InAttr(const Value& value, std::string_view text);
  std::string InScript(const Value& value, std::string_view text) const;

  Context context_ = Context::kText;
  Attr attr_ = Attr::kPlain;
  UrlPart url_ = UrlPart::kStart;
  char quote_ = 0;               // of the attribute value; 0: none
  char script_quote_ = 0;        // within a string of a script
  bool script_escaped_ = false;  // after a backslash in it
  bool name_done_ = false;       // a blank has followed the attribute's name
  std::string tag_;              // lower case, with the / of a closing one
  std::string name_;             // of the attribute, lower case
  std::string tail_;             // the last few characters, lower case
};

}  // namespace tocsin::tmpl
