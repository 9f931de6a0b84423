// SPDX-License-Identifier: Apache-2.0
#include "models/ops/deform_conv.h"

#include <algorithm>
#include <cmath>

#include "core/for_each.h"
#include "models/ops/lanes.h"

namespace pluvia::ops {
namespace {

/// Channels of a group handled by one vector; what is left over goes one by one.
constexpr int kVector = 8;
/// Output pixels whose readings by one tap are worked out together.
constexpr int kStrip = 64;

/// Where a tap at the kernel's corner with no offset reads for each pixel of a strip.
template <typename T>
struct StripPlace {
  std::int64_t first = 0;
  int count = 0;
  alignas(64) T row[kStrip];
  alignas(64) T column[kStrip];

  StripPlace(const DeformSizes& s, std::int64_t first_pixel, std::int64_t end)
      : first(first_pixel), count(static_cast<int>(std::min<std::int64_t>(kStrip, end - first_pixel))) {
    std::int64_t y = first / s.out_width;
    std::int64_t x = first % s.out_width;
    for (int i = 0; i < count; ++i) {
      row[i] = static_cast<T>(y * s.stride - s.padding);
      column[i] = static_cast<T>(x * s.stride - s.padding);
      if (++x == s.out_width) {
        x = 0;
        ++y;
      }
    }
  }
};

/// What one tap of one group reads for a strip: four neighbours each. A neighbour outside of the picture
/// has weight 0 and the index of some pixel inside.
template <typename T>
struct Strip {
  alignas(64) T row_share[kStrip];
  alignas(64) T column_share[kStrip];
  alignas(64) T weight[4][kStrip];
  alignas(64) std::int32_t index[4][kStrip];
  alignas(64) T there[4][kStrip];  ///< 1 where the neighbour is inside, else 0
  alignas(64) T inside[kStrip];  ///< 1 within one pixel of the picture, else 0
  const T* mask = nullptr;
};

/// Rows of offset, mask and their gradients.
inline std::int64_t plane(const DeformSizes& s, int g, int k) {
  return (static_cast<std::int64_t>(g) * s.taps() + k) * s.out_pixels();
}

template <typename T>
inline T one_if(bool condition) {
  return condition ? T(1) : T(0);
}

template <typename T>
inline void read_strip(const DeformSizes& s, const DeformInput<T>& in, const StripPlace<T>& place,
                       int g, int k, Strip<T>& out) {
  const T* const down = in.offset + 2 * plane(s, g, k) + place.first;
  const T* const right = down + s.out_pixels();
  out.mask = in.mask + plane(s, g, k) + place.first;
  const T tap_row = static_cast<T>(k / s.kernel_columns * s.dilation);
  const T tap_column = static_cast<T>(k % s.kernel_columns * s.dilation);
  const T height = static_cast<T>(s.height);
  const T width = static_cast<T>(s.width);
  const auto columns = static_cast<std::int32_t>(s.width);
  PLUVIA_LANES
  for (int i = 0; i < place.count; ++i) {
    const T y = place.row[i] + tap_row + down[i];
    const T x = place.column[i] + tap_column + right[i];
    // Numbers, not truth values: the loop then vectorises. 0 also where an offset is not a number.
    const T inside = one_if<T>(y > T(-1)) * one_if<T>(x > T(-1)) * one_if<T>(y < height) * one_if<T>(x < width);
    const T safe_y = inside > T(0) ? y : T(0);
    const T safe_x = inside > T(0) ? x : T(0);
    const T top = std::floor(safe_y);
    const T left = std::floor(safe_x);
    const T a = safe_y - top;
    const T b = safe_x - left;
    const T above = inside * one_if<T>(top >= T(0));
    const T below = inside * one_if<T>(top + 1 < height);
    const T before = one_if<T>(left >= T(0));
    const T after = one_if<T>(left + 1 < width);
    out.inside[i] = inside;
    out.row_share[i] = a;
    out.column_share[i] = b;
    out.there[0][i] = above * before;
    out.there[1][i] = above * after;
    out.there[2][i] = below * before;
    out.there[3][i] = below * after;
    out.weight[0][i] = above * before * ((1 - a) * (1 - b));
    out.weight[1][i] = above * after * ((1 - a) * b);
    out.weight[2][i] = below * before * (a * (1 - b));
    out.weight[3][i] = below * after * (a * b);
    const std::int32_t row0 = static_cast<std::int32_t>(top < T(0) ? T(0) : top) * columns;
    const std::int32_t row1 = static_cast<std::int32_t>(top + 1 < height ? top + 1 : height - 1) * columns;
    const auto column0 = static_cast<std::int32_t>(left < T(0) ? T(0) : left);
    const auto column1 = static_cast<std::int32_t>(left + 1 < width ? left + 1 : width - 1);
    out.index[0][i] = row0 + column0;
    out.index[1][i] = row0 + column1;
    out.index[2][i] = row1 + column0;
    out.index[3][i] = row1 + column1;
  }
}

/// Planes lie far apart, which the CPU does not foresee: what the tap after next reads. Inlined by force:
/// g++ takes calls that only prefetch for calls that do nothing, and leaves them out.
template <typename T>
__attribute__((always_inline)) inline void fetch_strip(const DeformSizes& s, const DeformInput<T>& in, const StripPlace<T>& place,
                        int plane_number) {
  constexpr int kAhead = 2;
  constexpr int kLine = 64 / sizeof(T);
  if (plane_number + kAhead >= s.groups * s.taps()) return;
  const std::int64_t at = (plane_number + kAhead) * s.out_pixels() + place.first;
  const T* const down = in.offset + at + (plane_number + kAhead) * s.out_pixels();
  for (int i = 0; i < place.count; i += kLine) {
    __builtin_prefetch(in.mask + at + i);
    __builtin_prefetch(down + i);
    __builtin_prefetch(down + s.out_pixels() + i);
  }
}

template <typename T>
inline void sample(const T* x, const DeformSizes& s, const Strip<T>& strip, int i, T* to) {
  const T mask = strip.mask[i];
  const T w0 = mask * strip.weight[0][i];
  const T w1 = mask * strip.weight[1][i];
  const T w2 = mask * strip.weight[2][i];
  const T w3 = mask * strip.weight[3][i];
  const std::int64_t channels = s.group_channels();
  const T* const t0 = x + strip.index[0][i] * channels;
  const T* const t1 = x + strip.index[1][i] * channels;
  const T* const t2 = x + strip.index[2][i] * channels;
  const T* const t3 = x + strip.index[3][i] * channels;
  std::int64_t c = 0;
  for (; c + kVector <= channels; c += kVector) {
    PLUVIA_LANES
    for (int j = 0; j < kVector; ++j) {
      to[c + j] = (w0 * t0[c + j] + w1 * t1[c + j]) + (w2 * t2[c + j] + w3 * t3[c + j]);
    }
  }
  for (; c < channels; ++c) to[c] = (w0 * t0[c] + w1 * t1[c]) + (w2 * t2[c] + w3 * t3[c]);
}

/// A strip's columns: all taps, all groups.
template <typename T>
inline void gather_strip(const DeformSizes& s, const DeformInput<T>& in,
                         const StripPlace<T>& place, T* columns) {
  const std::int64_t each = s.group_channels();
  Strip<T> strip;
  for (int g = 0; g < s.groups; ++g) {
    for (int k = 0; k < s.taps(); ++k) {
      fetch_strip(s, in, place, g * s.taps() + k);
      read_strip(s, in, place, g, k, strip);
      for (int i = 0; i < place.count; ++i) {
        T* const to = columns + (static_cast<std::int64_t>(i) * s.taps() + k) * s.channels + g * each;
        if (strip.inside[i] > T(0)) {
          sample(in.x + g * s.group_values(), s, strip, i, to);
        } else {
          std::fill_n(to, each, T(0));
        }
      }
    }
  }
}

template <typename T>
inline T dot(const T* a, const T* b, std::int64_t count) {
  T lane[kVector] = {};
  std::int64_t c = 0;
  for (; c + kVector <= count; c += kVector) {
    PLUVIA_LANES
    for (int j = 0; j < kVector; ++j) lane[j] += a[c + j] * b[c + j];
  }
  T sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  for (; c < count; ++c) sum += a[c] * b[c];
  return sum;
}

template <typename T>
inline void add_scaled(const T* from, T scale, std::int64_t count, T* to) {
  std::int64_t c = 0;
  for (; c + kVector <= count; c += kVector) {
    PLUVIA_LANES
    for (int j = 0; j < kVector; ++j) to[c + j] += scale * from[c + j];
  }
  for (; c < count; ++c) to[c] += scale * from[c];
}

/// Gradients of a strip's readings by one tap: what comes back to the picture, the masks and the
/// positions. The latter follow from the products of the column's gradient with the four neighbours.
template <typename T>
inline void scatter_strip(const DeformSizes& s, const DeformInput<T>& in,
                          const StripPlace<T>& place, int g, int k, const T* columns,
                          const DeformGradient<T>& gradient) {
  const std::int64_t each = s.group_channels();
  const T* const x = in.x + g * s.group_values();
  T* const to_x = gradient.x + g * s.group_values();
  Strip<T> strip;
  fetch_strip(s, in, place, g * s.taps() + k);
  read_strip(s, in, place, g, k, strip);
  alignas(64) T product[4][kStrip];
  for (int i = 0; i < place.count; ++i) {
    const T* const from =
        columns + (static_cast<std::int64_t>(i) * s.taps() + k) * s.channels + g * each;
    for (int n = 0; n < 4; ++n) {
      product[n][i] = 0;
      if (strip.there[n][i] == T(0)) continue;  // zeros, whose gradient goes nowhere
      const std::int64_t at = strip.index[n][i] * each;
      product[n][i] = dot(from, x + at, each);
      add_scaled(from, strip.mask[i] * strip.weight[n][i], each, to_x + at);
    }
  }
  T* const to_mask = gradient.mask + plane(s, g, k) + place.first;
  T* const to_row = gradient.offset + 2 * plane(s, g, k) + place.first;
  T* const to_column = to_row + s.out_pixels();
  PLUVIA_LANES
  for (int i = 0; i < place.count; ++i) {
    const T a = strip.row_share[i];
    const T b = strip.column_share[i];
    const T p0 = product[0][i];
    const T p1 = product[1][i];
    const T p2 = product[2][i];
    const T p3 = product[3][i];
    to_mask[i] = (strip.weight[0][i] * p0 + strip.weight[1][i] * p1) +
                 (strip.weight[2][i] * p2 + strip.weight[3][i] * p3);
    to_row[i] = strip.mask[i] * ((1 - b) * (p2 - p0) + b * (p3 - p1));
    to_column[i] = strip.mask[i] * ((1 - a) * (p1 - p0) + a * (p3 - p2));
  }
}

}  // namespace

template <typename T>
void deform_columns(const DeformSizes& sizes, const DeformInput<T>& in, const PixelBlock& block,
                    T* columns) {
  const std::int64_t end = block.first + block.count;
  const std::int64_t row = sizes.taps() * sizes.channels;
  const auto task = [&sizes, &in, &block, end, columns, row](std::int64_t i) {
    const StripPlace<T> place(sizes, block.first + i * kStrip, end);
    gather_strip(sizes, in, place, columns + i * kStrip * row);
  };
  cpu_backend::for_each((block.count + kStrip - 1) / kStrip, task, 1);
}

template <typename T>
void deform_columns_backward(const DeformSizes& sizes, const DeformInput<T>& in,
                             const PixelBlock& block, const T* columns,
                             const DeformGradient<T>& gradient) {
  const std::int64_t end = block.first + block.count;
  const std::int64_t row = sizes.taps() * sizes.channels;
  const auto task = [&sizes, &in, &block, end, columns, row, &gradient](std::int64_t g) {
    for (std::int64_t first = block.first; first < end; first += kStrip) {
      const StripPlace<T> place(sizes, first, end);
      for (int k = 0; k < sizes.taps(); ++k) {
        scatter_strip(sizes, in, place, static_cast<int>(g), k,
                      columns + (first - block.first) * row, gradient);
      }
    }
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
