// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/chroma.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pluvia {
namespace {

constexpr int kFraction = 12;
constexpr std::int32_t kOne = 1 << kFraction;
constexpr std::int32_t kHalf = kOne / 2;
/// In swscale's 15 bits 32767.
constexpr std::int32_t kLargest = 0xFFFE;
/// Repeated edge samples on either side of a row.
constexpr int kEdge = 4;

double cubic(double distance) {
  constexpr double kC = 0.6;
  const double d = std::abs(distance);
  if (d < 1) return (2 - kC) * d * d * d - (3 - kC) * d * d + 1;
  if (d < 2) return kC * (-d * d * d + 5 * d * d - 8 * d + 4);
  return 0;
}

int shared_size(int luma, ChromaGrid grid) {
  return (luma + (1 << grid.log2_shared) - 1) >> grid.log2_shared;
}

}  // namespace

std::vector<ChromaPlane::Taps> ChromaPlane::taps_of(int luma, ChromaGrid grid) {
  std::vector<Taps> all;
  if (grid.log2_shared == 0) return all;
  const int samples = shared_size(luma, grid);
  const int step = ((samples << 16) + luma / 2) / luma;
  // Of five taps one is zero; pictures of a few samples get fewer.
  const int reach = std::clamp(samples - 2, 1, kTaps + 1);
  const double lag = ((grid.position + 128) >> grid.log2_shared) / 256.0;
  for (int i = 0; i < luma; ++i) {
    const double place = (i + 0.5) * step / 65536 - lag;
    Taps taps;
    taps.first = static_cast<int>(std::floor(place)) - 1;
    // swscale rounds the first tap towards zero: at the first edge one is lost.
    const int begin = static_cast<int>(place - (reach - 2) / 2.0);
    std::array<double, kTaps> weights{};
    double all_weights = 0;
    for (int k = 0; k < kTaps; ++k) {
      if (taps.first + k < begin || taps.first + k >= begin + reach) continue;
      weights[static_cast<std::size_t>(k)] = cubic(place - taps.first - k);
      all_weights += weights[static_cast<std::size_t>(k)];
    }
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < kTaps; ++k) {
      taps.weights[k] = static_cast<std::int32_t>(std::lround(weights[k] / all_weights * kOne));
      sum += taps.weights[k];
    }
    // An even surface stays what it is.
    *std::max_element(taps.weights.begin(), taps.weights.end()) += kOne - sum;
    all.push_back(taps);
  }
  return all;
}

ChromaPlane::ChromaPlane(int height, int width, ChromaGrid down, ChromaGrid across, ReadRow read)
    : rows_(shared_size(height, down)),
      columns_(shared_size(width, across)),
      down_taps_(taps_of(height, down)),
      across_taps_(taps_of(width, across)),
      read_(std::move(read)),
      samples_(static_cast<std::size_t>(columns_ + 2 * kEdge)),
      out_(static_cast<std::size_t>(width)) {
  for (Wide& wide : kept_) wide.values.resize(static_cast<std::size_t>(width));
}

void ChromaPlane::widen(std::vector<std::int32_t>& wide) {
  const std::uint16_t* const samples = samples_.data() + kEdge;
  if (across_taps_.empty()) {
    std::copy_n(samples, wide.size(), wide.begin());
    return;
  }
  for (std::size_t x = 0; x < wide.size(); ++x) {
    const Taps& taps = across_taps_[x];
    const std::uint16_t* const from = samples + taps.first;
    const std::int32_t sum = from[0] * taps.weights[0] + from[1] * taps.weights[1] +
                             from[2] * taps.weights[2] + from[3] * taps.weights[3];
    wide[x] = std::min((sum + kHalf) >> kFraction, kLargest);
  }
}

const std::vector<std::int32_t>& ChromaPlane::wide_row(int row) {
  const int inside = std::clamp(row, 0, rows_ - 1);
  Wide& wide = kept_[static_cast<std::size_t>(inside % kTaps)];
  if (wide.row != inside) {
    const auto columns = static_cast<std::size_t>(columns_);
    read_(inside, std::span(samples_).subspan(kEdge, columns));
    std::fill_n(samples_.begin(), kEdge, samples_[kEdge]);
    std::fill_n(samples_.end() - kEdge, kEdge, samples_[kEdge + columns - 1]);
    widen(wide.values);
    wide.row = inside;
  }
  return wide.values;
}

std::span<const std::int32_t> ChromaPlane::row(int y) {
  if (down_taps_.empty()) return wide_row(y);
  const Taps& taps = down_taps_[static_cast<std::size_t>(y)];
  std::array<const std::int32_t*, kTaps> from{};
  for (int i = 0; i < kTaps; ++i) {
    from[static_cast<std::size_t>(i)] = wide_row(taps.first + i).data();
  }
  for (std::size_t x = 0; x < out_.size(); ++x) {
    const std::int64_t sum =
        std::int64_t{from[0][x]} * taps.weights[0] + std::int64_t{from[1][x]} * taps.weights[1] +
        std::int64_t{from[2][x]} * taps.weights[2] + std::int64_t{from[3][x]} * taps.weights[3];
    out_[x] = static_cast<std::int32_t>((sum + kHalf) >> kFraction);
  }
  return out_;
}

}  // namespace pluvia
