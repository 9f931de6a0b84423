// SPDX-License-Identifier: Apache-2.0
// The same numbers as exact_ssim.h in single precision, for protocols that name it
// (arithmetic=single): to 1e-7 on pictures, to 5e-7 on white dots on black and where black and
// white flat areas with grain meet within 48 pixels. tests/eval/metrics/ssim_test.cpp measures it.
#pragma once

#include "eval/metrics/exact_ssim.h"

namespace pluvia {

/// Sums of the map over all channels per label (an empty plane: label 0 everywhere).
std::vector<MetricSum> single_ssim_sums(ImageView<const std::uint8_t> a,
                                        ImageView<const std::uint8_t> b,
                                        ImageView<const std::uint8_t> labels, int count,
                                        const WindowSsim& options);

}  // namespace pluvia
