// SPDX-License-Identifier: Apache-2.0
#include "eval/render/fit_frame.h"

#include <algorithm>
#include <vector>

#include "core/parallel.h"

namespace pluvia {
namespace {

constexpr std::int64_t kOne = 1 << 14;  ///< weights of one output pixel sum to this

/// What one output pixel takes along one axis: `weights` of the pixels from `first` on.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

/// Shares of [from, to) / scale in whole pixels: a box; sums to kOne exactly.
Taps box_taps(std::int64_t from, std::int64_t to, std::int64_t scale) {
  Taps taps;
  taps.first = static_cast<int>(from / scale);
  const std::int64_t total = to - from;
  std::int64_t given = 0;
  for (std::int64_t at = from; at < to;) {
    const std::int64_t end = std::min(to, (at / scale + 1) * scale);
    const std::int64_t upto = ((end - from) * kOne + total / 2) / total;
    taps.weights.push_back(static_cast<std::int32_t>(upto - given));
    given = upto;
    at = end;
  }
  return taps;
}

Taps linear_taps(int i, int from, int to) {
  const std::int64_t centre = ((2 * std::int64_t{i} + 1) * from * kOne / to - kOne) / 2;
  const std::int64_t at = std::clamp<std::int64_t>(centre, 0, (from - 1) * kOne);
  const auto first = static_cast<int>(at / kOne);
  const auto next = static_cast<std::int32_t>(at % kOne);
  if (next == 0) return {first, {static_cast<std::int32_t>(kOne)}};
  return {first, {static_cast<std::int32_t>(kOne) - next, next}};
}

std::vector<Taps> taps_of(int from, int to) {
  std::vector<Taps> out;
  for (int i = 0; i < to; ++i) {
    out.push_back(to <= from ? box_taps(std::int64_t{i} * from, std::int64_t{i + 1} * from, to)
                             : linear_taps(i, from, to));
  }
  return out;
}

/// The largest centred part with the shape height : width.
ImageView<const std::uint8_t> centre_part(ImageView<const std::uint8_t> frame, int height,
                                          int width) {
  const std::int64_t across = std::int64_t{frame.width()} * height;
  const std::int64_t down = std::int64_t{frame.height()} * width;
  int h = frame.height();
  int w = frame.width();
  if (across > down) w = std::max(1, static_cast<int>((down + height / 2) / height));
  if (across < down) h = std::max(1, static_cast<int>((across + width / 2) / width));
  return frame.crop((frame.height() - h) / 2, (frame.width() - w) / 2, h, w);
}

}  // namespace

Image<std::uint8_t> fit_frame(ImageView<const std::uint8_t> frame, int height, int width) {
  const ImageView<const std::uint8_t> part = centre_part(frame, height, width);
  const int channels = part.channels();
  const std::vector<Taps> across = taps_of(part.width(), width);
  const std::vector<Taps> down = taps_of(part.height(), height);
  Image<std::uint8_t> out(height, width, channels);
  parallel_for(height, 8, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int32_t> line(static_cast<std::size_t>(part.width() * channels));
    for (std::int64_t y = begin; y < end; ++y) {
      const Taps& rows = down[static_cast<std::size_t>(y)];
      std::fill(line.begin(), line.end(), 0);
      for (std::size_t k = 0; k < rows.weights.size(); ++k) {
        const auto row = part.row(rows.first + static_cast<int>(k));
        for (std::size_t i = 0; i < line.size(); ++i) line[i] += rows.weights[k] * row[i];
      }
      std::uint8_t* to = out.view().row(static_cast<int>(y)).data();
      for (const Taps& columns : across) {
        for (int c = 0; c < channels; ++c) {
          std::int64_t sum = kOne * kOne / 2;
          for (std::size_t k = 0; k < columns.weights.size(); ++k) {
            const std::size_t x = static_cast<std::size_t>(columns.first) + k;
            sum += std::int64_t{columns.weights[k]} *
                   line[x * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
          }
          *to++ = static_cast<std::uint8_t>(sum / (kOne * kOne));
        }
      }
    }
  });
  return out;
}

}  // namespace pluvia
