// SPDX-License-Identifier: Apache-2.0
// Problems for the modulated deformable convolution: sizes, and numbers that make readings fall
// between pixels, on them, across the border and far outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/rng.h"
#include "models/ops/deform_conv.h"

namespace pluvia::ops {

/// The sizes that ViMP-Net has (16 groups of 8 channels), and odd ones.
inline std::vector<DeformSizes> deform_sizes() {
  const auto sizes = [](std::int64_t height, std::int64_t width, std::int64_t channels, int groups,
                        int stride, int dilation) {
    DeformSizes s;
    s.height = height;
    s.width = width;
    s.channels = channels;
    s.groups = groups;
    s.stride = stride;
    s.dilation = dilation;
    s.padding = dilation;
    s.out_height = (height - 1) / stride + 1;
    s.out_width = (width - 1) / stride + 1;
    return s;
  };
  std::vector<DeformSizes> out = {sizes(1, 1, 1, 1, 1, 1),    sizes(13, 9, 5, 1, 1, 1),
                                  sizes(7, 21, 12, 4, 1, 1),  sizes(17, 11, 128, 16, 1, 1),
                                  sizes(15, 18, 36, 4, 2, 1), sizes(12, 19, 16, 16, 1, 2),
                                  sizes(19, 14, 9, 1, 2, 2)};
  DeformSizes wide = sizes(9, 10, 8, 4, 1, 1);  // a kernel of 1x5
  wide.kernel_rows = 1;
  wide.kernel_columns = 5;
  wide.out_height = 11;
  wide.out_width = 8;
  out.push_back(wide);
  return out;
}

inline std::string name_of(const DeformSizes& s) {
  return std::to_string(s.width) + "x" + std::to_string(s.height) + "x" +
         std::to_string(s.channels) + " g" + std::to_string(s.groups) + " s" +
         std::to_string(s.stride) + " d" + std::to_string(s.dilation);
}

/// Output pixels in three blocks of different sizes.
inline std::vector<PixelBlock> deform_blocks(const DeformSizes& s) {
  const std::int64_t half = s.out_pixels() / 2;
  std::vector<PixelBlock> out;
  for (const PixelBlock& block : {PixelBlock{0, half}, PixelBlock{half, 1},
                                  PixelBlock{half + 1, s.out_pixels() - half - 1}}) {
    if (block.count > 0) out.push_back(block);
  }
  return out;
}

template <typename T>
struct DeformProblem {
  DeformSizes sizes;
  std::vector<T> x, offset, mask;
  std::vector<T> given;  ///< gradients of all columns

  explicit DeformProblem(const DeformSizes& s) : sizes(s) {
    const std::int64_t planes = std::int64_t{s.groups} * s.taps() * s.out_pixels();
    x = values(1, s.height * s.width * s.channels, 1);
    offset = values(2, 2 * planes, 3);
    mask = values(3, planes, 1);
    given = values(4, column_count(), 1);
    for (std::size_t i = 0; i < offset.size(); i += 7) offset[i] = static_cast<T>(i % 5) - 2;
    for (std::size_t i = 3; i < offset.size(); i += 31) offset[i] = i % 2 == 0 ? T(-1e9) : T(1e9);
  }

  std::int64_t row() const { return sizes.taps() * sizes.channels; }
  std::int64_t column_count() const { return sizes.out_pixels() * row(); }
  DeformInput<T> input() const { return {x.data(), offset.data(), mask.data()}; }

 private:
  static std::vector<T> values(std::uint64_t seed, std::int64_t count, double scale) {
    std::vector<T> out(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Random random{.seed = seed, .particle = static_cast<std::uint32_t>(i)};
      out[i] = static_cast<T>(scale * random.uniform(0, -1, 1));
    }
    return out;
  }
};

/// What the operator gives: columns, and the gradients of x, offset and mask.
template <typename T>
struct DeformResult {
  std::vector<T> columns, x, offset, mask;

  explicit DeformResult(const DeformProblem<T>& p)
      : columns(static_cast<std::size_t>(p.column_count())),
        x(p.x.size()),
        offset(p.offset.size()),
        mask(p.mask.size()) {}
  DeformGradient<T> gradient() { return {x.data(), offset.data(), mask.data()}; }
};

/// By the CPU's loops: the way back, which gives the columns too.
template <typename T>
DeformResult<T> deform_on_cpu(const DeformProblem<T>& p) {
  DeformResult<T> out(p);
  out.columns = p.given;
  for (const PixelBlock& block : deform_blocks(p.sizes)) {
    deform_columns_backward(p.sizes, p.input(), block, out.columns.data() + block.first * p.row(),
                            out.gradient());
  }
  return out;
}

}  // namespace pluvia::ops
