// SPDX-License-Identifier: Apache-2.0
// What a score looks at: RGB or one of the lumas in use. Papers differ here by up to 2.6 dB.
//
//   rgb, bgr       the three channels (bgr: what scripts feed to LPIPS that read files by OpenCV)
//   y601           BT.601, range 16..235, not rounded: (65.481 R + 128.553 G + 24.966 B)/255 + 16
//   y601-rounded   the same rounded half up, as MATLAB's rgb2ycbcr gives for uint8
//   yfull          0.299 R + 0.587 G + 0.114 B, not rounded (JPEG's luma; "gray" of many scripts)
//   yfull-rounded  the same in double, then rounded to the nearest, as NumPy does
//   ycv2           OpenCV's COLOR_BGR2YCrCb: (4899 R + 9617 G + 1868 B + 8192) >> 14
//   gray-cv2       OpenCV's COLOR_BGR2GRAY: (9798 R + 19235 G + 3735 B + 16384) >> 15
//   gray-matlab    MATLAB's rgb2gray for uint8, rounded
//
// The rounded BT.601 is computed in integers: in floating point the order of a sum decides ties.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/image.h"

namespace pluvia {

enum class Color : std::uint8_t {
  kRgb,
  kBgr,
  kY601,
  kY601Rounded,
  kYfull,
  kYfullRounded,
  kYcv2,
  kGrayCv2,
  kGrayMatlab,
};

/// An Error of usage names the nearest one.
Color color_by_name(std::string_view name);
const char* name_of(Color color);
std::vector<std::string> color_names();

/// Whether 8-bit pictures stay 8-bit integers.
bool gives_integers(Color color);

/// Of an RGB picture (grey ones count as R = G = B), for colours that give integers.
Image<std::uint8_t> to_color_u8(ImageView<const std::uint8_t> rgb, Color color);
/// For every colour.
Image<double> to_color(ImageView<const std::uint8_t> rgb, Color color);
/// Values 0..255 that need not be whole. Colours that round see them rounded to 8 bits first.
Image<double> to_color(ImageView<const double> rgb, Color color);

Image<double> to_double(ImageView<const std::uint8_t> image);
/// Clamped to 0..255 and rounded half to even, as NumPy and most programs save pictures.
Image<std::uint8_t> to_u8(ImageView<const double> image);

}  // namespace pluvia
