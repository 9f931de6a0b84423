// SPDX-License-Identifier: Apache-2.0
// Separable filters in double on planes (pictures of one channel): the truth that faster code is
// compared with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/image.h"

namespace pluvia {

/// What lies outside a picture. kValid: nothing, the result is smaller by the window less one.
enum class Border : std::uint8_t {
  kValid,
  kReplicate,  ///< the last pixel again and again (MATLAB's imfilter 'replicate')
  kZero,
  kReflect,    ///< mirrored about the last pixel, which is not repeated (PyTorch's 'reflect')
  kSymmetric,  ///< mirrored with the last pixel repeated (MATLAB's 'symmetric')
};

/// Index inside [0, n) that stands for i, or -1 for a zero. kValid asks for none outside.
int border_index(int i, int n, Border border);

/// exp(-x^2 / (2 sigma^2)) at size whole steps around 0, normalised to sum 1.
std::vector<double> gaussian_taps(int size, double sigma);

/// out[x] = the sum of taps[k] rows[k][x], in the taps' order, so that results do not depend on the
/// CPU. Null is a row of zeros.
void weigh_rows(const double* const* rows, std::span<const double> taps, double* out, int n);

/// A row of interleaved channels with that many pixels more on both sides.
template <typename T>
void pad_row(std::span<const T> row, int channels, int pixels, Border border, T* out) {
  const int width = static_cast<int>(row.size()) / channels;
  std::copy(row.begin(), row.end(), out + std::ptrdiff_t{pixels} * channels);
  const auto fill = [&](int x) {
    const int from = border_index(x, width, border);
    for (int c = 0; c < channels; ++c) {
      out[(x + pixels) * channels + c] =
          from < 0 ? T{0} : row[static_cast<std::size_t>(from * channels + c)];
    }
  };
  for (int x = -pixels; x < 0; ++x) fill(x);
  for (int x = width; x < width + pixels; ++x) fill(x);
}

/// Correlation with taps x taps, an odd number of them.
Image<double> filter_plane(ImageView<const double> plane, std::span<const double> taps,
                           Border border);

/// What MATLAB's imfilter(plane, ones(f)/f^2, 'symmetric') gives at every f-th pixel from the
/// first. For even f the window reaches one pixel further to the right and down.
Image<double> box_downsample(ImageView<const double> plane, int factor);

/// Channel `c` of an interleaved picture.
Image<double> plane_of(ImageView<const double> image, int c);

}  // namespace pluvia
