// SPDX-License-Identifier: Apache-2.0
// Video that compresses like photographs, from a formula: a dead-leaves picture (opaque discs whose
// sizes follow a power law, each with its own texture), which has the edges and the 1/f spectrum of
// natural scenes (Lee, Mumford and Huang 2001), seen by a panning camera with sensor noise; rain
// streaks and lens drops on top, in formation `vrds`.
#pragma once

#include <cstdint>

#include "core/clip.h"
#include "core/image.h"

namespace pluvia::bench {

class PhotoLike {
 public:
  PhotoLike(int height, int width, std::uint32_t seed);

  ClipInfo info(const std::string& id, int frames) const;
  /// lq, gt, streak and mask of frame t.
  FrameLayers frame(int t) const;

 private:
  int height_;
  int width_;
  std::uint32_t seed_;
  Image<std::uint8_t> scene_;  ///< larger than a frame: the camera pans over it
};

}  // namespace pluvia::bench
