// SPDX-License-Identifier: Apache-2.0
#include "eval/report/markdown.h"

#include <cstring>

#include "eval/report/comparison.h"

namespace pluvia {

std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '\n' || c == '\r') {
      out += ' ';
    } else {
      if (c != '\0' && std::strchr("\\|*_`[]~", c) != nullptr) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string markdown_label(const ComparedMethod& method) {
  const std::string label = markdown_text(method.label);
  return method.sees_truth ? "*" + label + "*" : label;
}

}  // namespace pluvia
