// SPDX-License-Identifier: Apache-2.0
// SSIM of 8-bit pictures with a square separable window and the border cut off ('valid'), many
// times faster than the general code of ssim_map.h and equal to it: to 1e-12 in double; in single
// precision to 1e-7 (to 5e-7 where black and white flat areas with grain meet within 48 pixels).
// tests/eval/metrics/ssim_test.cpp measures both.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/metric.h"

namespace pluvia {

struct FastSsim {
  std::span<const double> taps;  ///< 7 or 11, symmetric
  double range = 255;
  double covariance_scale = 1;  ///< n/(n-1) for sample covariances
  bool single = false;          ///< float instead of double
};

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> fast_ssim_sums(ImageView<const std::uint8_t> a,
                                      ImageView<const std::uint8_t> b,
                                      ImageView<const std::uint8_t> labels, int count,
                                      const FastSsim& options);

}  // namespace pluvia
