// SPDX-License-Identifier: Apache-2.0
// SSIM whose windows see pixels of a region only (normalised convolution): what is outside the
// region cannot leak in.
#pragma once

#include "core/metric.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {

/// Sum of the map over the pixels of the mask whose window lies in the picture, over all channels.
/// Needs the pictures in double, and a mask.
MetricSum region_ssim_sum(const MetricInput& input, const SsimOptions& options);

}  // namespace pluvia
