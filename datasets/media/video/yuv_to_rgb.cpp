// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/yuv_to_rgb.h"

#include <algorithm>
#include <cmath>

namespace pluvia {
namespace {

// Sums stay below 2^31: luma gives at most 0.63e9; a difference 1.02e9 where interpolation goes
// beyond its samples by three quarters of their range, more than a cubic's square can.
constexpr int kFraction = 21;
constexpr std::int32_t kHalf = 1 << (kFraction - 1);
constexpr std::int32_t kGrey = 128 << 8;  ///< chroma of no colour

std::int32_t fixed(double factor) {
  return static_cast<std::int32_t>(std::lround(factor * (1 << kFraction)));
}

std::uint8_t to_code_value(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp((sum + kHalf) >> kFraction, 0, 255));
}

}  // namespace

YuvToRgb::YuvToRgb(LumaShares shares, bool full_range, int depth) {
  const double white = std::ldexp(std::ldexp(1.0, depth) - 1, 16 - depth);
  const double luma = 255 / (full_range ? white : 219 * 256.0);
  const double chroma = 255 / (full_range ? white : 224 * 256.0);
  const double green = 1 - shares.red - shares.blue;
  const double red = 2 * (1 - shares.red) * chroma;
  const double blue = 2 * (1 - shares.blue) * chroma;
  black_ = full_range ? 0 : 16 << 8;
  luma_ = fixed(luma);
  red_ = fixed(red);
  blue_ = fixed(blue);
  green_red_ = fixed(red * shares.red / green);
  green_blue_ = fixed(blue * shares.blue / green);
}

void YuvToRgb::row(std::span<const std::uint16_t> luma,
                   std::span<const std::int32_t> blue_difference,
                   std::span<const std::int32_t> red_difference, std::uint8_t* rgb) const {
  for (std::size_t x = 0; x < luma.size(); ++x, rgb += 3) {
    const std::int32_t y = (luma[x] - black_) * luma_;
    const std::int32_t u = blue_difference[x] - kGrey;
    const std::int32_t v = red_difference[x] - kGrey;
    rgb[0] = to_code_value(y + v * red_);
    rgb[1] = to_code_value(y - u * green_blue_ - v * green_red_);
    rgb[2] = to_code_value(y + u * blue_);
  }
}

}  // namespace pluvia
