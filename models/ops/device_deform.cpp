// SPDX-License-Identifier: Apache-2.0
#include "models/ops/device_deform.h"

#include <cmath>

#include "core/atomic_add.h"
#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

using ops::DeformInput;
using ops::DeformSizes;
using ops::PixelBlock;

/// A tap of a group at an output pixel.
struct DeformTap {
  std::int64_t pixel = 0;
  int tap = 0;
  int group = 0;
};

/// Where it reads: between pixels (row, column) and (row + 1, column + 1), `down` and `right` of
/// the first. Outside of the picture, or at no number, all four neighbours are outside.
template <typename T>
struct DeformReading {
  std::int64_t row = -2;
  std::int64_t column = -2;
  T down = 0;
  T right = 0;
  T mask = 0;

  /// Of neighbour n = 0..3: the pixel's index, -1 outside.
  PLUVIA_MEMBER std::int64_t neighbour(const DeformSizes& s, int n) const {
    const std::int64_t y = row + n / 2;
    const std::int64_t x = column + n % 2;
    return y >= 0 && x >= 0 && y < s.height && x < s.width ? y * s.width + x : -1;
  }
  PLUVIA_MEMBER T weight(int n) const {
    return (n / 2 == 1 ? down : 1 - down) * (n % 2 == 1 ? right : 1 - right);
  }
};

/// Index of a mask, and of its gradient.
PLUVIA_FUNCTION std::int64_t mask_place(const DeformSizes& s, const DeformTap& at) {
  return (static_cast<std::int64_t>(at.group) * s.taps() + at.tap) * s.out_pixels() + at.pixel;
}

/// Index of an offset's row, and of its gradient; the column lies a plane further.
PLUVIA_FUNCTION std::int64_t offset_place(const DeformSizes& s, const DeformTap& at) {
  return 2 * mask_place(s, at) - at.pixel;
}

template <typename T>
PLUVIA_FUNCTION DeformReading<T> read_at(const DeformSizes& s, const DeformInput<T>& in,
                                         const DeformTap& at) {
  const T* const offset = in.offset + offset_place(s, at);
  const std::int64_t first_row = at.pixel / s.out_width * s.stride - s.padding;
  const std::int64_t first_column = at.pixel % s.out_width * s.stride - s.padding;
  const T y = static_cast<T>(first_row + at.tap / s.kernel_columns * s.dilation) + offset[0];
  const T x = static_cast<T>(first_column + at.tap % s.kernel_columns * s.dilation) +
              offset[s.out_pixels()];
  DeformReading<T> out;
  const bool inside =
      y > T(-1) && x > T(-1) && y < static_cast<T>(s.height) && x < static_cast<T>(s.width);
  if (!inside) return out;
  const T top = std::floor(y);
  const T left = std::floor(x);
  out.row = static_cast<std::int64_t>(top);
  out.column = static_cast<std::int64_t>(left);
  out.down = y - top;
  out.right = x - left;
  out.mask = in.mask[mask_place(s, at)];
  return out;
}

/// Value i of a block's columns.
struct DeformValue {
  DeformTap at;
  std::int64_t channel = 0;  ///< in its group
};
PLUVIA_FUNCTION DeformValue value_at(const DeformSizes& s, const PixelBlock& block,
                                     std::int64_t i) {
  const std::int64_t channel = i % s.channels;
  const std::int64_t tap = i / s.channels;
  return {{block.first + tap / s.taps(), static_cast<int>(tap % s.taps()),
           static_cast<int>(channel / s.group_channels())},
          channel % s.group_channels()};
}
PLUVIA_FUNCTION std::int64_t values_in(const DeformSizes& s, const PixelBlock& block) {
  return block.count * s.taps() * s.channels;
}

/// Neighbouring threads: channels of a group, which lie side by side in x and in columns.
template <typename T>
void deform_columns_of(const DeformColumnsArgs<T>& args) {
  for_each(
      values_in(args.sizes, args.block), PLUVIA_LAMBDA(std::int64_t i) {
        const DeformSizes& s = args.sizes;
        const DeformValue value = value_at(s, args.block, i);
        const DeformReading<T> reading = read_at(s, args.in, value.at);
        const T* const x = args.in.x + value.at.group * s.group_values() + value.channel;
        T sum = 0;
        for (int n = 0; n < 4; ++n) {
          const std::int64_t pixel = reading.neighbour(s, n);
          if (pixel >= 0) sum += reading.weight(n) * x[pixel * s.group_channels()];
        }
        args.columns[i] = reading.mask * sum;
      });
}

/// Neighbouring threads: output pixels. All follows from the products of the column's gradient with
/// the four neighbours.
template <typename T>
void deform_positions_of(const DeformBackwardArgs<T>& args) {
  constexpr std::int64_t kGrain = 1 << 10;
  const std::int64_t planes = static_cast<std::int64_t>(args.sizes.groups) * args.sizes.taps();
  for_each(
      planes * args.block.count,
      PLUVIA_LAMBDA(std::int64_t i) {
        const DeformSizes& s = args.sizes;
        const std::int64_t each = s.group_channels();
        const std::int64_t in_block = i % args.block.count;
        const std::int64_t plane = i / args.block.count;
        const DeformTap at = {args.block.first + in_block, static_cast<int>(plane % s.taps()),
                              static_cast<int>(plane / s.taps())};
        const DeformReading<T> reading = read_at(s, args.in, at);
        const T* const x = args.in.x + at.group * s.group_values();
        const T* const column =
            args.columns + (in_block * s.taps() + at.tap) * s.channels + at.group * each;
        T product[4] = {};
        T to_mask = 0;
        for (int n = 0; n < 4; ++n) {
          const std::int64_t pixel = reading.neighbour(s, n);
          if (pixel < 0) continue;
          for (std::int64_t c = 0; c < each; ++c) product[n] += column[c] * x[pixel * each + c];
          to_mask += reading.weight(n) * product[n];
        }
        args.gradient.mask[mask_place(s, at)] = to_mask;
        T* const to_offset = args.gradient.offset + offset_place(s, at);
        to_offset[0] = reading.mask * ((1 - reading.right) * (product[2] - product[0]) +
                                       reading.right * (product[3] - product[1]));
        to_offset[s.out_pixels()] = reading.mask * ((1 - reading.down) * (product[1] - product[0]) +
                                                    reading.down * (product[3] - product[2]));
      },
      kGrain);
}

/// Neighbouring threads: channels of a group, as forward.
template <typename T>
void deform_picture_of(const DeformBackwardArgs<T>& args) {
  for_each(
      values_in(args.sizes, args.block), PLUVIA_LAMBDA(std::int64_t i) {
        const DeformSizes& s = args.sizes;
        const DeformValue value = value_at(s, args.block, i);
        const DeformReading<T> reading = read_at(s, args.in, value.at);
        T* const to_x = args.gradient.x + value.at.group * s.group_values() + value.channel;
        const T gradient = reading.mask * args.columns[i];
        for (int n = 0; n < 4; ++n) {
          const std::int64_t pixel = reading.neighbour(s, n);
          if (pixel < 0) continue;
          atomic_add(to_x + pixel * s.group_channels(), reading.weight(n) * gradient);
        }
      });
}

void device_deform_columns(const DeformColumnsArgs<float>& args) { deform_columns_of(args); }
void device_deform_columns(const DeformColumnsArgs<double>& args) { deform_columns_of(args); }
void device_deform_positions(const DeformBackwardArgs<float>& args) { deform_positions_of(args); }
void device_deform_positions(const DeformBackwardArgs<double>& args) { deform_positions_of(args); }
void device_deform_picture(const DeformBackwardArgs<float>& args) { deform_picture_of(args); }
void device_deform_picture(const DeformBackwardArgs<double>& args) { deform_picture_of(args); }

}  // namespace pluvia::PLUVIA_BACKEND
