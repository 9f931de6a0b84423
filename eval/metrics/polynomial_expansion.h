// SPDX-License-Identifier: Apache-2.0
// Local quadratic fits of a plane, the first step of Farneback's optical flow.
#pragma once

#include "core/image.h"

namespace pluvia {

/// Five channels per pixel: coefficients of y, x, y^2, x^2, xy of the weighted least-squares fit in
/// 11x11 pixels around it (Gaussian weights, sigma 1.2; borders replicated).
Image<double> polynomial_expansion(ImageView<const double> plane);

}  // namespace pluvia
