// SPDX-License-Identifier: Apache-2.0
// Dense optical flow by polynomial expansion (G. Farneback, "Two-Frame Motion Estimation Based on
// Polynomial Expansion", SCIA 2003), which published tOF values are made with. It is ours because
// a score must not change with the version of a library, and because the program is not linked to
// OpenCV. Deterministic whatever the CPU and the number of threads: sums in a fixed order, double.
//
// The settings are those of TecoGAN's tOF: pyramid of halves with 3 levels besides the full size
// (none smaller than 32 pixels), neighbourhoods of 11x11 with sigma 1.2, means over 15x15, three
// iterations a level.
#pragma once

#include <vector>

#include "core/image.h"

namespace pluvia {

/// A plane (one channel, 0..255) made ready: itself, to be known again by, and its local fits at
/// every level, full size first.
class FlowPicture {
 public:
  explicit FlowPicture(ImageView<const double> plane);

  bool is_of(ImageView<const double> plane) const;
  const std::vector<Image<double>>& expansions() const { return expansions_; }

 private:
  Image<double> plane_;
  std::vector<Image<double>> expansions_;
};

/// Motion from one to the other, of one size: (x, y) in pixels for every pixel of `from`.
Image<float> optical_flow(const FlowPicture& from, const FlowPicture& to);

/// The plane that motion is looked for in: OpenCV's grey of colour pictures, else the picture.
Image<double> flow_plane(ImageView<const double> image);

}  // namespace pluvia
