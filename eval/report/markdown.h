// SPDX-License-Identifier: Apache-2.0
// Text for Markdown tables: names come from users and from files, and may hold what Markdown or
// HTML would read as marks.
#pragma once

#include <string>

namespace pluvia {

struct ComparedMethod;

/// On one line, every mark of Markdown and HTML shown as it is written.
std::string markdown_text(const std::string& text);

/// A method's label, in italics when it sees the truth.
std::string markdown_label(const ComparedMethod& method);

}  // namespace pluvia
