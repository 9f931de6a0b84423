// SPDX-License-Identifier: Apache-2.0
// Distances to marks that are near, which is all that regions' bands ask for.
#pragma once

#include <cstdint>

#include "core/image.h"

namespace pluvia {

constexpr int kNearPx = 32;
constexpr std::uint16_t kNotNear = 65535;

/// Squared Euclidean distance of every pixel to the nearest one whose value is not 0, exact up to
/// kNearPx; kNotNear where none is that near.
Image<std::uint16_t> near_distances(ImageView<const std::uint8_t> marks);

}  // namespace pluvia
