// SPDX-License-Identifier: Apache-2.0
#include "datasets/preview/thumbnail.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace pluvia {
namespace {

struct Glyph {
  char letter;
  std::array<std::uint8_t, 7> rows;  ///< five dots each, the leftmost is bit 4
};

constexpr Glyph kGlyphs[] = {
    {'a', {0x00, 0x00, 0x0E, 0x01, 0x0F, 0x11, 0x0F}},
    {'b', {0x10, 0x10, 0x16, 0x19, 0x11, 0x11, 0x1E}},
    {'c', {0x00, 0x00, 0x0E, 0x10, 0x10, 0x11, 0x0E}},
    {'d', {0x01, 0x01, 0x0D, 0x13, 0x11, 0x11, 0x0F}},
    {'e', {0x00, 0x00, 0x0E, 0x11, 0x1F, 0x10, 0x0E}},
    {'f', {0x06, 0x09, 0x08, 0x1C, 0x08, 0x08, 0x08}},
    {'g', {0x00, 0x0F, 0x11, 0x11, 0x0F, 0x01, 0x0E}},
    {'h', {0x10, 0x10, 0x16, 0x19, 0x11, 0x11, 0x11}},
    {'i', {0x04, 0x00, 0x0C, 0x04, 0x04, 0x04, 0x0E}},
    {'j', {0x02, 0x00, 0x06, 0x02, 0x02, 0x12, 0x0C}},
    {'k', {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12}},
    {'l', {0x0C, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0E}},
    {'m', {0x00, 0x00, 0x1A, 0x15, 0x15, 0x15, 0x15}},
    {'n', {0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11}},
    {'o', {0x00, 0x00, 0x0E, 0x11, 0x11, 0x11, 0x0E}},
    {'p', {0x00, 0x00, 0x1E, 0x11, 0x1E, 0x10, 0x10}},
    {'q', {0x00, 0x00, 0x0D, 0x13, 0x0F, 0x01, 0x01}},
    {'r', {0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10}},
    {'s', {0x00, 0x00, 0x0F, 0x10, 0x0E, 0x01, 0x1E}},
    {'t', {0x08, 0x08, 0x1C, 0x08, 0x08, 0x09, 0x06}},
    {'u', {0x00, 0x00, 0x11, 0x11, 0x11, 0x13, 0x0D}},
    {'v', {0x00, 0x00, 0x11, 0x11, 0x11, 0x0A, 0x04}},
    {'w', {0x00, 0x00, 0x11, 0x11, 0x15, 0x15, 0x0A}},
    {'x', {0x00, 0x00, 0x11, 0x0A, 0x04, 0x0A, 0x11}},
    {'y', {0x00, 0x11, 0x11, 0x11, 0x0F, 0x01, 0x0E}},
    {'z', {0x00, 0x00, 0x1F, 0x02, 0x04, 0x08, 0x1F}},
    {'0', {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E}},
    {'1', {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E}},
    {'2', {0x0E, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1F}},
    {'3', {0x0E, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0E}},
    {'4', {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02}},
    {'5', {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E}},
    {'6', {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E}},
    {'7', {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E}},
    {'9', {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C}},
    {' ', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}},
    {'-', {0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00}},
    {'_', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1F}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x0C}},
    {',', {0x00, 0x00, 0x00, 0x00, 0x0C, 0x04, 0x08}},
    {':', {0x00, 0x0C, 0x0C, 0x00, 0x0C, 0x0C, 0x00}},
    {'/', {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10}},
    {'(', {0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02}},
    {')', {0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08}},
    {'=', {0x00, 0x00, 0x1F, 0x00, 0x1F, 0x00, 0x00}},
    {'+', {0x00, 0x04, 0x04, 0x1F, 0x04, 0x04, 0x00}},
    {'#', {0x0A, 0x0A, 0x1F, 0x0A, 0x1F, 0x0A, 0x0A}},
};
constexpr Glyph kUnknown = {'?', {0x1F, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1F}};

const Glyph& glyph_of(char letter) {
  if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  for (const Glyph& glyph : kGlyphs) {
    if (glyph.letter == letter) return glyph;
  }
  return kUnknown;
}

// How much of each source sample falls into each target sample of a one-dimensional shrink.
struct Share {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Share> shares(int from, int to) {
  std::vector<Share> out(static_cast<std::size_t>(to));
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * step;
    const double end = std::min<double>(from, begin + step);
    Share& share = out[static_cast<std::size_t>(i)];
    share.first = static_cast<int>(begin);
    for (int k = share.first; k < from && k < end; ++k) {
      share.weights.push_back(
          static_cast<float>((std::min<double>(end, k + 1) - std::max<double>(begin, k)) / step));
    }
  }
  return out;
}

}  // namespace

Image<std::uint8_t> shrink_to_width(ImageView<const std::uint8_t> image, int width) {
  const int out_width = std::min(width, image.width());
  const int out_height = std::max(
      1, static_cast<int>(static_cast<double>(image.height()) * out_width / image.width() + 0.5));
  const std::vector<Share> across = shares(image.width(), out_width);
  const std::vector<Share> down = shares(image.height(), out_height);
  Image<std::uint8_t> out(out_height, out_width, 3);
  const auto channels = static_cast<std::size_t>(image.channels());
  std::vector<float> sum(static_cast<std::size_t>(out_width) * channels);
  for (int y = 0; y < out_height; ++y) {
    std::fill(sum.begin(), sum.end(), 0.0F);
    const Share& rows = down[static_cast<std::size_t>(y)];
    for (std::size_t k = 0; k < rows.weights.size(); ++k) {
      const auto row = image.row(rows.first + static_cast<int>(k));
      for (std::size_t x = 0; x < across.size(); ++x) {
        for (std::size_t j = 0; j < across[x].weights.size(); ++j) {
          const float weight = rows.weights[k] * across[x].weights[j];
          const std::size_t from = (static_cast<std::size_t>(across[x].first) + j) * channels;
          for (std::size_t c = 0; c < channels; ++c)
            sum[x * channels + c] += weight * static_cast<float>(row[from + c]);
        }
      }
    }
    const auto target = out.view().row(y);
    for (std::size_t x = 0; x < across.size(); ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const float value = sum[x * channels + (channels == 3 ? c : 0)];
        target[3 * x + c] = static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
      }
    }
  }
  return out;
}

void paste(ImageView<const std::uint8_t> from, ImageView<std::uint8_t> to, int y, int x) {
  const int rows = std::min(from.height(), to.height() - y);
  const int columns = std::min(from.width(), to.width() - x);
  for (int i = 0; i < rows; ++i) {
    const auto source = from.row(i).first(static_cast<std::size_t>(std::max(0, columns)) * 3);
    std::copy(source.begin(), source.end(), to.row(y + i).begin() + std::ptrdiff_t{x} * 3);
  }
}

int text_width(const std::string& text, int dot) { return static_cast<int>(text.size()) * 6 * dot; }

void draw_text(ImageView<std::uint8_t> to, int y, int x, const std::string& text, Rgb color,
               int dot) {
  for (const char letter : text) {
    const Glyph& glyph = glyph_of(letter);
    for (int row = 0; row < 7 * dot; ++row) {
      for (int column = 0; column < 5 * dot; ++column) {
        const bool set =
            (glyph.rows[static_cast<std::size_t>(row / dot)] >> (4 - column / dot) & 1) != 0;
        if (!set || y + row >= to.height() || x + column >= to.width()) continue;
        to.at(y + row, x + column, 0) = color.r;
        to.at(y + row, x + column, 1) = color.g;
        to.at(y + row, x + column, 2) = color.b;
      }
    }
    x += 6 * dot;
  }
}

}  // namespace pluvia
