// SPDX-License-Identifier: Apache-2.0
// Dense optical flow by polynomial expansion (G. Farneback, "Two-Frame Motion Estimation Based on
// Polynomial Expansion", SCIA 2003), which published tOF values are made with. It is ours because
// a score must not change with the version of a library, and because the program is not linked to
// OpenCV. Deterministic: one thread, sums in a fixed order, double.
//
// The settings are those of TecoGAN's tOF: pyramid of halves with 3 levels besides the full size
// (none smaller than 32 pixels), neighbourhoods of 11x11 with sigma 1.2, means over 15x15, three
// iterations a level.
#pragma once

#include "core/image.h"

namespace pluvia {

/// Motion from `from` to `to` (one channel each, 0..255): (x, y) in pixels for every pixel of
/// `from`.
Image<float> optical_flow(ImageView<const double> from, ImageView<const double> to);

/// The plane that motion is looked for in: OpenCV's grey of colour pictures, else the picture.
Image<double> flow_plane(ImageView<const double> image);

}  // namespace pluvia
