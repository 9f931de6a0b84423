// SPDX-License-Identifier: Apache-2.0
// Small text work that must not depend on the locale: numbers, natural order, near misses, sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

/// Whole-text parse; nothing when the text is not exactly one number. A dot is the decimal sign.
std::optional<double> parse_double(std::string_view text);
std::optional<std::int64_t> parse_int(std::string_view text);

/// "1280x720" -> {1280, 720}.
struct Size {
  int width = 0;
  int height = 0;
};
std::optional<Size> parse_size(std::string_view text);

/// Order in which people number files: runs of digits compare as numbers ("frame2" < "frame10").
bool natural_less(std::string_view a, std::string_view b);

/// The candidate closest to `word` (edits, swaps of neighbours count one), or empty when none is
/// close enough to be a likely slip.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)", or nothing: the tail of an error about an unknown word.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);
/// Text from a stranger's file for an error of one line: what is not printable becomes '?', what is
/// long is cut.
std::string one_line(std::string_view text, std::size_t limit = 120);
bool is_valid_utf8(std::string_view text);

/// 1536 -> "1.5 KB" (powers of 1000), 75 -> "1 min 15 s".
std::string human_bytes(double bytes);
std::string human_seconds(double seconds);

/// Shortest text that reads back as the same number.
std::string to_text(double value);

/// "a, b, c and 12 more": at most `limit` items written out.
std::string list_some(const std::vector<std::string>& items, std::size_t limit = 8);

}  // namespace pluvia
