// SPDX-License-Identifier: Apache-2.0
// SSIM of 8-bit pictures with a square separable window of 7 or 11 taps and the border cut off
// ('valid'): the numbers of ssim_map.h (proven to 6e-8 for all windows that it takes, to 7e-9 for
// the Gaussian of 11 taps and sigma 1.5: moment_filter.h says why) in a fraction of its time. What
// is printed is computed here, with other borders from pictures that have such a border around
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/metric.h"
#include "eval/metrics/split_taps.h"
#include "eval/metrics/window_cascade.h"

namespace pluvia {

/// A window prepared for its two passes, which takes as long as a hundredth of a picture.
struct ExactWindow {
  SplitTaps split;        ///< along rows
  WindowCascade cascade;  ///< down the columns
  double range = 255;
  double covariance_scale = 1;  ///< n/(n-1) for sample covariances
};

/// Of symmetric taps. Nothing where that cannot be done here: for other sizes than 7 and 11, for
/// narrow windows (split_taps.h), and for ranges below 32, whose constants are next to nothing
/// beside squares of pixels, so that roundings tell.
std::optional<ExactWindow> exact_window(std::span<const double> taps, double range = 255,
                                        double covariance_scale = 1);

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const ExactWindow& window);

}  // namespace pluvia
