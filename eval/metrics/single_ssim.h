// SPDX-License-Identifier: Apache-2.0
// The same numbers as exact_ssim.h in single precision, for protocols that name it
// (arithmetic=single): to 1e-7 on photographs; on drawn pictures that are flat but for grain, with black
// beside white, up to 4e-6 off. tests/eval/metrics/ssim_test.cpp measures it.
#pragma once

#include "eval/metrics/exact_ssim.h"

namespace pluvia {

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> single_ssim_sums(ImageView<const std::uint8_t> a,
                                        ImageView<const std::uint8_t> b,
                                        ImageView<const std::uint8_t> labels, int count,
                                        const WindowSsim& options);

}  // namespace pluvia
