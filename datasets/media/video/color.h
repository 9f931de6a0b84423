// SPDX-License-Identifier: Apache-2.0
// A decoded libav frame into 8-bit RGB (or grey, where the pixel format is grey).
//
// Matrix and range come from the frame. What it leaves open is assumed the way players do (ITU-T
// H.273 has no default): BT.709 from 720 lines on, BT.601 below; limited range for YUV, full for
// RGB, grey and the old "J" formats. Every assumption is noted. Chroma (chroma.h) and equations
// (yuv_to_rgb.h) are ours, in integers, so that a file decodes the same everywhere; swscale brings
// what is RGB or a palette of at most 8 bits into order.
#pragma once

#include "datasets/media/picture.h"
#include "datasets/media/video/av.h"

namespace pluvia {

/// What a format fixes where its frames are silent.
struct ColorRules {
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;  ///< unspecified: by the number of lines
  bool centred_chroma = false;                  ///< JPEG and WebP; MPEG formats sample at the left
  bool full_range = false;                      ///< of YUV
};

class FrameConverter {
 public:
  explicit FrameConverter(ColorRules rules) : rules_(rules) {}
  /// 1 channel for grey pixel formats, 3 otherwise.
  Image<std::uint8_t> convert(const AVFrame& frame, MediaNotes& notes);

 private:
  Image<std::uint8_t> convert_rgb(const AVFrame& frame);
  Image<std::uint8_t> convert_yuv(const AVFrame& frame) const;
  void prepare(const AVFrame& frame);
  AVColorSpace matrix_of(const AVFrame& frame) const;

  ColorRules rules_;
  SwsPtr sws_;
  /// What sws_ was made for: size and pixel format.
  std::vector<int> key_;
};

}  // namespace pluvia
