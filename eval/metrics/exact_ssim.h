// SPDX-License-Identifier: Apache-2.0
// SSIM of 8-bit pictures with a square separable window of 7 or 11 taps and the border cut off
// ('valid'): the numbers of ssim_map.h (for the two usual windows proven to 1.5e-8, measured to 2e-9:
// moment_filter.h says why; for others measured to 7e-8) in a fraction of its time. What is printed
// is computed here, with other borders from pictures that have such a border around them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/metric.h"

namespace pluvia {

struct WindowSsim {
  std::span<const double> taps;  ///< 7 or 11, symmetric
  double range = 255;
  double covariance_scale = 1;  ///< n/(n-1) for sample covariances
};

/// Whether that can be done here: all but the narrowest windows (window_cascade.h), and ranges from
/// 1 on, whose constants are not lost beside squares of pixels.
bool exact_ssim_takes(std::span<const double> taps, double range);

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const WindowSsim& options);

}  // namespace pluvia
