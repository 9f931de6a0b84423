// SPDX-License-Identifier: Apache-2.0
// Rain over one frame of a scene, as the layers of a data set. A function of (parameters, seed,
// clip, frame): no state is kept between frames, so frames may be rendered in any order, by any
// number of threads and on any machine, and give the same bytes.
//
//   RainRenderer rain(RainParams::of(params), seed, clip);
//   writer.add(rain.render(scene.frame(t)));
#pragma once

#include <cstdint>

#include "core/clip.h"
#include "synth/rain_params.h"
#include "synth/scene.h"

namespace pluvia::synth {

class RainRenderer {
 public:
  RainRenderer(const RainParams& params, std::uint64_t seed, std::uint32_t clip);

  /// lq, gt, streak, mask, drop; in formation `physical` also streak_rgb.
  LayerSet layers() const;
  /// An Error when the frame is not RGB, or its depth has another size.
  FrameLayers render(const SceneFrame& frame) const;
  /// The frame's row of the table `frames`, without its name.
  FrameRow row(const SceneFrame& frame) const;

 private:
  FrameLayers render_vrds(const SceneFrame& frame, const Camera& camera) const;
  FrameLayers render_physical(const SceneFrame& frame, const Camera& camera) const;
  RainField field_for(const Camera& camera) const;
  bool draws_streaks() const;
  GlassDrops drops_at(const Camera& camera, double time_s) const;

  RainParams params_;
  RainKey key_;
  GlassPane pane_;
};

}  // namespace pluvia::synth
