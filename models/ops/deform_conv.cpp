// SPDX-License-Identifier: Apache-2.0
#include "models/ops/deform_conv.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/for_each.h"

namespace pluvia::ops {
namespace {

/// Channels of a group handled by one vector loop; a group of another number takes several.
constexpr int kVector = 8;

/// A position's four neighbours. A neighbour outside of the picture points at zeros with weight 0.
template <typename T>
struct Footing {
  const T* tap[4];
  T weight[4];
  T row_share = 0, column_share = 0;
  std::int64_t index[4];  ///< of the pixel, or -1
  bool inside = false;    ///< within one pixel of the picture
};

template <typename T>
inline Footing<T> footing(const DeformSizes& s, const T* x, T row, T column, const T* zeros) {
  Footing<T> f;
  f.inside = row > T(-1) && column > T(-1) && row < static_cast<T>(s.height) &&
             column < static_cast<T>(s.width);
  if (!f.inside) return f;
  const T top = std::floor(row);
  const T left = std::floor(column);
  f.row_share = row - top;
  f.column_share = column - left;
  const auto y = static_cast<std::int64_t>(top);
  const auto x0 = static_cast<std::int64_t>(left);
  const T a = f.row_share;
  const T b = f.column_share;
  const T weights[4] = {(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b};
  for (int i = 0; i < 4; ++i) {
    const std::int64_t ty = y + i / 2;
    const std::int64_t tx = x0 + i % 2;
    const bool there = ty >= 0 && ty < s.height && tx >= 0 && tx < s.width;
    f.index[i] = there ? ty * s.width + tx : -1;
    f.tap[i] = there ? x + f.index[i] * s.channels : zeros;
    f.weight[i] = there ? weights[i] : T(0);
  }
  return f;
}

/// Where tap k of group g reads for output pixel p.
template <typename T>
struct Reader {
  const DeformSizes& s;
  const DeformInput<T>& in;

  std::int64_t at(int g, int k) const {
    return (static_cast<std::int64_t>(g) * s.taps() + k) * s.out_pixels();
  }
  T row(int g, int k, std::int64_t p) const {
    const std::int64_t base = p / s.out_width * s.stride - s.padding +
                              static_cast<std::int64_t>(k / s.kernel_columns) * s.dilation;
    return static_cast<T>(base) + in.offset[2 * at(g, k) + p];
  }
  T column(int g, int k, std::int64_t p) const {
    const std::int64_t base = p % s.out_width * s.stride - s.padding +
                              static_cast<std::int64_t>(k % s.kernel_columns) * s.dilation;
    return static_cast<T>(base) + in.offset[2 * at(g, k) + s.out_pixels() + p];
  }
  T mask(int g, int k, std::int64_t p) const { return in.mask[at(g, k) + p]; }
};

template <typename T>
inline void sample(const Footing<T>& f, std::int64_t channels, T mask, T* to) {
  const T w0 = mask * f.weight[0];
  const T w1 = mask * f.weight[1];
  const T w2 = mask * f.weight[2];
  const T w3 = mask * f.weight[3];
  if (channels == kVector) {
    for (int c = 0; c < kVector; ++c) {
      to[c] = (w0 * f.tap[0][c] + w1 * f.tap[1][c]) + (w2 * f.tap[2][c] + w3 * f.tap[3][c]);
    }
    return;
  }
  for (std::int64_t c = 0; c < channels; ++c) {
    to[c] = (w0 * f.tap[0][c] + w1 * f.tap[1][c]) + (w2 * f.tap[2][c] + w3 * f.tap[3][c]);
  }
}

/// A pixel's columns: all taps, all groups.
template <typename T>
inline void gather_pixel(const Reader<T>& reader, std::int64_t p, const T* zeros, T* to) {
  const DeformSizes& s = reader.s;
  const std::int64_t each = s.group_channels();
  for (int g = 0; g < s.groups; ++g) {
    for (int k = 0; k < s.taps(); ++k) {
      T* const out = to + k * s.channels + g * each;
      const Footing<T> f = footing(s, reader.in.x + g * each, reader.row(g, k, p),
                                   reader.column(g, k, p), zeros);
      if (f.inside) {
        sample(f, each, reader.mask(g, k, p), out);
      } else {
        std::fill_n(out, each, T(0));
      }
    }
  }
}

/// Gradients of one reading: what comes back to the picture, the mask and the position.
template <typename T>
inline void scatter(const DeformSizes& s, const Footing<T>& f, const T* gradient, T mask,
                    std::int64_t channels, T* x, T* to_mask, T* to_row, T* to_column) {
  const T a = f.row_share;
  const T b = f.column_share;
  T value = 0;
  T down = 0;
  T across = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    const T v0 = f.tap[0][c];
    const T v1 = f.tap[1][c];
    const T v2 = f.tap[2][c];
    const T v3 = f.tap[3][c];
    const T g = gradient[c];
    value += g * (f.weight[0] * v0 + f.weight[1] * v1 + f.weight[2] * v2 + f.weight[3] * v3);
    down += g * ((1 - b) * (v2 - v0) + b * (v3 - v1));
    across += g * ((1 - a) * (v1 - v0) + a * (v3 - v2));
  }
  *to_mask = value;
  *to_row = mask * down;
  *to_column = mask * across;
  for (int i = 0; i < 4; ++i) {
    if (f.index[i] < 0) continue;
    T* const pixel = x + f.index[i] * s.channels;
    const T w = mask * f.weight[i];
    for (std::int64_t c = 0; c < channels; ++c) pixel[c] += w * gradient[c];
  }
}

template <typename T>
inline void scatter_group(const Reader<T>& reader, int g, const PixelBlock& block, const T* columns,
                          const DeformGradient<T>& gradient, const T* zeros) {
  const DeformSizes& s = reader.s;
  const std::int64_t each = s.group_channels();
  for (int k = 0; k < s.taps(); ++k) {
    const std::int64_t at = reader.at(g, k);
    for (std::int64_t i = 0; i < block.count; ++i) {
      const std::int64_t p = block.first + i;
      const Footing<T> f = footing(s, reader.in.x + g * each, reader.row(g, k, p),
                                   reader.column(g, k, p), zeros);
      T* const to_mask = gradient.mask + at + p;
      T* const to_row = gradient.offset + 2 * at + p;
      T* const to_column = to_row + s.out_pixels();
      if (!f.inside) {
        *to_mask = *to_row = *to_column = 0;
        continue;
      }
      const T* const from = columns + (i * s.taps() + k) * s.channels + g * each;
      scatter(s, f, from, reader.mask(g, k, p), each, gradient.x + g * each, to_mask, to_row,
              to_column);
    }
  }
}

}  // namespace

template <typename T>
void deform_columns(const DeformSizes& sizes, const DeformInput<T>& in, const PixelBlock& block,
                    T* columns) {
  constexpr std::int64_t kGrain = 64;
  const std::vector<T> zeros(static_cast<std::size_t>(sizes.channels), T(0));
  const Reader<T> reader{sizes, in};
  const T* const nothing = zeros.data();
  const std::int64_t row = sizes.taps() * sizes.channels;
  const auto task = [&reader, &block, nothing, columns, row](std::int64_t i) {
    gather_pixel(reader, block.first + i, nothing, columns + i * row);
  };
  cpu_backend::for_each(block.count, task, kGrain);
}

template <typename T>
void deform_columns_backward(const DeformSizes& sizes, const DeformInput<T>& in,
                             const PixelBlock& block, const T* columns,
                             const DeformGradient<T>& gradient) {
  const std::vector<T> zeros(static_cast<std::size_t>(sizes.channels), T(0));
  const Reader<T> reader{sizes, in};
  const T* const nothing = zeros.data();
  const auto task = [&reader, &block, columns, &gradient, nothing](std::int64_t g) {
    scatter_group(reader, static_cast<int>(g), block, columns, gradient, nothing);
  };
  cpu_backend::for_each(sizes.groups, task, 1);
}

template void deform_columns(const DeformSizes&, const DeformInput<float>&, const PixelBlock&,
                             float*);
template void deform_columns(const DeformSizes&, const DeformInput<double>&, const PixelBlock&,
                             double*);
template void deform_columns_backward(const DeformSizes&, const DeformInput<float>&,
                                      const PixelBlock&, const float*,
                                      const DeformGradient<float>&);
template void deform_columns_backward(const DeformSizes&, const DeformInput<double>&,
                                      const PixelBlock&, const double*,
                                      const DeformGradient<double>&);

}  // namespace pluvia::ops
