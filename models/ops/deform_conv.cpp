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

/// Neighbouring channels, wherever they lie in memory. A type of the compiler's rather than a loop
/// that it vectorises: for each of these short loops it would first check at run time that nothing
/// overlaps, which takes longer than the loop.
template <typename T>
struct VectorOf {
  typedef T Type __attribute__((vector_size(kVector * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <typename T>
using Vector = typename VectorOf<T>::Type;

template <typename T>
inline const Vector<T>& vector_at(const T* from) {
  return *reinterpret_cast<const Vector<T>*>(from);
}
template <typename T>
inline Vector<T>& vector_at(T* to) {
  return *reinterpret_cast<Vector<T>*>(to);
}

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
      : first(first_pixel),
        count(static_cast<int>(std::min<std::int64_t>(kStrip, end - first_pixel))) {
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

/// What one tap of one group reads for a strip: four neighbours each. A neighbour outside of the
/// picture has weight 0 and the index of some pixel inside.
template <typename T>
struct Strip {
  alignas(64) T row_share[kStrip];
  alignas(64) T column_share[kStrip];
  alignas(64) T masked[4][kStrip];  ///< weight times mask
  alignas(64) std::int32_t index[4][kStrip];
  alignas(64) T there[4][kStrip];  ///< 1 where the neighbour is inside, else 0
  alignas(64) T inside[kStrip];    ///< 1 within one pixel of the picture, else 0
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
  const T* const mask = in.mask + plane(s, g, k) + place.first;
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
    const T inside =
        one_if<T>(y > T(-1)) * one_if<T>(x > T(-1)) * one_if<T>(y < height) * one_if<T>(x < width);
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
    out.masked[0][i] = mask[i] * (above * before * ((1 - a) * (1 - b)));
    out.masked[1][i] = mask[i] * (above * after * ((1 - a) * b));
    out.masked[2][i] = mask[i] * (below * before * (a * (1 - b)));
    out.masked[3][i] = mask[i] * (below * after * (a * b));
    const std::int32_t row0 = static_cast<std::int32_t>(top < T(0) ? T(0) : top) * columns;
    const std::int32_t row1 =
        static_cast<std::int32_t>(top + 1 < height ? top + 1 : height - 1) * columns;
    const auto column0 = static_cast<std::int32_t>(left < T(0) ? T(0) : left);
    const auto column1 = static_cast<std::int32_t>(left + 1 < width ? left + 1 : width - 1);
    out.index[0][i] = row0 + column0;
    out.index[1][i] = row0 + column1;
    out.index[2][i] = row1 + column0;
    out.index[3][i] = row1 + column1;
  }
}

/// Planes lie far apart, which the CPU does not foresee: what the tap after next reads. Inlined by
/// force: g++ takes calls that only prefetch for calls that do nothing, and leaves them out.
template <typename T>
__attribute__((always_inline)) inline void fetch_strip(const DeformSizes& s,
                                                       const DeformInput<T>& in,
                                                       const StripPlace<T>& place,
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

/// The channels of a group: how many a caller knows, or as many as there are.
template <int kEach>
inline std::int64_t channels_of(const DeformSizes& s) {
  return kEach > 0 ? kEach : s.group_channels();
}

/// What one tap reads for pixel `i` of a strip.
template <int kEach, typename T>
inline void sample(const T* x, const DeformSizes& s, const Strip<T>& strip, int i, T* to) {
  const std::int64_t channels = channels_of<kEach>(s);
  const T* from[4];
  T weight[4];
  for (int n = 0; n < 4; ++n) {
    from[n] = x + strip.index[n][i] * channels;
    weight[n] = strip.masked[n][i];
  }
  std::int64_t c = 0;
  for (; c + kVector <= channels; c += kVector) {
    vector_at(to + c) = (weight[0] * vector_at(from[0] + c) + weight[1] * vector_at(from[1] + c)) +
                        (weight[2] * vector_at(from[2] + c) + weight[3] * vector_at(from[3] + c));
  }
  for (; c < channels; ++c) {
    to[c] = (weight[0] * from[0][c] + weight[1] * from[1][c]) +
            (weight[2] * from[2][c] + weight[3] * from[3][c]);
  }
}

/// A strip's columns: all taps, all groups.
template <int kEach, typename T>
inline void gather_strip(const DeformSizes& s, const DeformInput<T>& in, const StripPlace<T>& place,
                         T* columns) {
  const std::int64_t each = channels_of<kEach>(s);
  const std::int64_t row = s.taps() * s.channels;
  Strip<T> strip;
  for (int g = 0; g < s.groups; ++g) {
    const T* const x = in.x + g * s.group_values();
    for (int k = 0; k < s.taps(); ++k) {
      fetch_strip(s, in, place, g * s.taps() + k);
      read_strip(s, in, place, g, k, strip);
      T* to = columns + k * s.channels + g * each;
      for (int i = 0; i < place.count; ++i, to += row) {
        if (strip.inside[i] > T(0)) {
          sample<kEach>(x, s, strip, i, to);
        } else {
          std::fill_n(to, each, T(0));
        }
      }
    }
  }
}

/// The sum over each of four vectors, by halves.
template <typename T>
inline void sums_of(const Vector<T>* four, T* sums) {
  const Vector<T> a = __builtin_shufflevector(four[0], four[1], 0, 8, 1, 9, 4, 12, 5, 13) +
                      __builtin_shufflevector(four[0], four[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const Vector<T> b = __builtin_shufflevector(four[2], four[3], 0, 8, 1, 9, 4, 12, 5, 13) +
                      __builtin_shufflevector(four[2], four[3], 2, 10, 3, 11, 6, 14, 7, 15);
  const Vector<T> c = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
                      __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  for (int n = 0; n < 4; ++n) sums[n] = c[n] + c[n + 4];
}

/// One reading's way back: adds the column's gradient to the four neighbours', gives its products
/// with their values, and puts the reading in its place.
template <int kEach, typename T>
inline void scatter(const T* x, const DeformSizes& s, const Strip<T>& strip, int i, T* column,
                    T* to_x, T* products) {
  const std::int64_t channels = channels_of<kEach>(s);
  std::int64_t at[4];
  T weight[4];
  for (int n = 0; n < 4; ++n) {
    at[n] = strip.index[n][i] * channels;
    weight[n] = strip.masked[n][i];
  }
  Vector<T> sums[4] = {};
  std::int64_t c = 0;
  for (; c + kVector <= channels; c += kVector) {
    const Vector<T> gradient = vector_at(column + c);
    Vector<T> parts[4];
    for (int n = 0; n < 4; ++n) {
      const Vector<T> value = vector_at(x + at[n] + c);
      sums[n] += gradient * value;
      parts[n] = weight[n] * value;
      vector_at(to_x + at[n] + c) += weight[n] * gradient;
    }
    vector_at(column + c) = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  }
  sums_of<T>(sums, products);
  for (; c < channels; ++c) {
    const T gradient = column[c];
    T parts[4];
    for (int n = 0; n < 4; ++n) {
      const T value = x[at[n] + c];
      products[n] += gradient * value;
      parts[n] = weight[n] * value;
      to_x[at[n] + c] += weight[n] * gradient;
    }
    column[c] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  }
}

/// Gradients of a strip's readings by one tap: what comes back to the picture, the masks and the
/// positions. The latter follow from the products of the column's gradient with the four
/// neighbours.
template <int kEach, typename T>
inline void scatter_strip(const DeformSizes& s, const DeformInput<T>& in,
                          const StripPlace<T>& place, int g, int k, T* columns,
                          const DeformGradient<T>& gradient) {
  const std::int64_t each = channels_of<kEach>(s);
  const std::int64_t row = s.taps() * s.channels;
  const T* const x = in.x + g * s.group_values();
  T* const to_x = gradient.x + g * s.group_values();
  Strip<T> strip;
  fetch_strip(s, in, place, g * s.taps() + k);
  read_strip(s, in, place, g, k, strip);
  alignas(64) T products[4 * kStrip];
  T* column = columns + k * s.channels + g * each;
  for (int i = 0; i < place.count; ++i, column += row) {
    if (strip.inside[i] > T(0)) {
      scatter<kEach>(x, s, strip, i, column, to_x, products + 4 * i);
    } else {
      std::fill_n(products + 4 * i, 4, T(0));
      std::fill_n(column, each, T(0));
    }
  }
  const T* const mask = in.mask + plane(s, g, k) + place.first;
  T* const to_mask = gradient.mask + plane(s, g, k) + place.first;
  T* const to_row = gradient.offset + 2 * plane(s, g, k) + place.first;
  T* const to_column = to_row + s.out_pixels();
  PLUVIA_LANES
  for (int i = 0; i < place.count; ++i) {
    const T a = strip.row_share[i];
    const T b = strip.column_share[i];
    const T p0 = strip.there[0][i] * products[4 * i];
    const T p1 = strip.there[1][i] * products[4 * i + 1];
    const T p2 = strip.there[2][i] * products[4 * i + 2];
    const T p3 = strip.there[3][i] * products[4 * i + 3];
    to_mask[i] = (1 - a) * ((1 - b) * p0 + b * p1) + a * ((1 - b) * p2 + b * p3);
    to_row[i] = mask[i] * ((1 - b) * (p2 - p0) + b * (p3 - p1));
    to_column[i] = mask[i] * ((1 - a) * (p1 - p0) + a * (p3 - p2));
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
    T* const to = columns + i * kStrip * row;
    if (sizes.group_channels() == kVector) {
      gather_strip<kVector>(sizes, in, place, to);
    } else {
      gather_strip<0>(sizes, in, place, to);
    }
  };
  cpu_backend::for_each((block.count + kStrip - 1) / kStrip, task, 1);
}

template <typename T>
void deform_columns_backward(const DeformSizes& sizes, const DeformInput<T>& in,
                             const PixelBlock& block, T* columns,
                             const DeformGradient<T>& gradient) {
  const std::int64_t end = block.first + block.count;
  const std::int64_t row = sizes.taps() * sizes.channels;
  const auto task = [&sizes, &in, &block, end, columns, row, &gradient](std::int64_t g) {
    for (std::int64_t first = block.first; first < end; first += kStrip) {
      const StripPlace<T> place(sizes, first, end);
      T* const from = columns + (first - block.first) * row;
      const auto group = static_cast<int>(g);
      for (int k = 0; k < sizes.taps(); ++k) {
        if (sizes.group_channels() == kVector) {
          scatter_strip<kVector>(sizes, in, place, group, k, from, gradient);
        } else {
          scatter_strip<0>(sizes, in, place, group, k, from, gradient);
        }
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
                                      const PixelBlock&, float*, const DeformGradient<float>&);
template void deform_columns_backward(const DeformSizes&, const DeformInput<double>&,
                                      const PixelBlock&, double*, const DeformGradient<double>&);

}  // namespace pluvia::ops
