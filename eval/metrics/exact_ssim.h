// SPDX-License-Identifier: Apache-2.0
// SSIM of 8-bit pictures with a square separable window of 7 or 11 taps and the border cut off
// ('valid'): the numbers of ssim_map.h (proven to 6e-8 for all windows that it takes, to 7e-9 for
// the Gaussian of 11 taps and sigma 1.5: moment_filter.h says why) in a fraction of its time. What
// is printed is computed here, with other borders from pictures that have such a border around
// them.
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

/// Whether that can be done here: not for narrow windows (split_taps.h), nor for ranges below 32,
/// whose constants are next to nothing beside squares of pixels, so that roundings tell.
bool exact_ssim_takes(std::span<const double> taps, double range);

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const WindowSsim& options);

}  // namespace pluvia
