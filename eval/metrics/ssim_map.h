// SPDX-License-Identifier: Apache-2.0
// The structural similarity map (Wang, Bovik, Sheikh, Simoncelli 2004) in every variant that
// published deraining numbers were made with, in double:
//   map = (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2)), C = (K L)^2
#pragma once

#include <cstdint>
#include <vector>

#include "core/params.h"
#include "eval/metrics/filters.h"

namespace pluvia {

enum class Downsample : std::uint8_t {
  kNone,
  kWang,      ///< ssim.m of 2009: f = max(1, floor(min(H,W)/256 + 0.5))
  kWangEven,  ///< the same with halves rounded to even, as Python ports do
};

struct SsimOptions {
  std::vector<double> taps;  ///< of the separable window
  Border border = Border::kValid;
  Downsample downsample = Downsample::kNone;
  double range = 255;              ///< L
  bool range_one_if_dark = false;  ///< L is 1 when no value of the prediction exceeds 1
  bool sample_covariance = false;  ///< times n/(n-1), n the number of pixels of the window
  bool clip_contrast = false;      ///< negative contrast-structure terms count as 0
  bool volume = false;             ///< the window spans the channels too, borders replicated
};

/// The rows of the table of parameters that make SsimOptions.
std::span<const Param> ssim_params();
SsimOptions ssim_options(const Params& params);
/// Whether these options are the plain ones: 11 taps at most, valid, no down-sampling or clipping.
bool is_plain(const SsimOptions& options);

/// The factor by which a picture of that size is made smaller first.
int downsample_factor(int height, int width, Downsample rule);

struct SsimMap {
  Image<double> ssim;
  Image<double> contrast;  ///< the second factor alone, contrast and structure
  /// Pixel (y, x) of the map belongs to pixel ((y + offset) * factor, (x + offset) * factor).
  int offset = 0;
  int factor = 1;
};

/// One map per channel. An Error where the picture is smaller than the window.
std::vector<SsimMap> ssim_maps(ImageView<const double> a, ImageView<const double> b,
                               const SsimOptions& options);

}  // namespace pluvia
