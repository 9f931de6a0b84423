// SPDX-License-Identifier: Apache-2.0
// Rain over one frame of a scene, as the layers of a data set. A function of (parameters, seed,
// clip, frame): frames may be rendered in any order, by any number of threads, on the CPU or a GPU,
// and give the same bytes. What is kept between frames is memory, and tables that depend on the
// parameters and the focal length alone.
//
//   RainRenderer rain(RainParams::of(params), seed, clip, parse_device("auto"));
//   writer.add(rain.render(scene.frame(t)));      // or render_into(frame, layers), which reuses
#pragma once

#include <cstdint>
#include <memory>

#include "core/clip.h"
#include "core/device.h"
#include "synth/rain_settings.h"
#include "synth/scene.h"

namespace pluvia::synth {

class FrameWorks;

class RainRenderer {
 public:
  RainRenderer(const RainParams& params, std::uint64_t seed, std::uint32_t clip,
               const Device& device = {});

  /// lq, gt, streak, mask, drop; in formation `physical` also streak_rgb.
  LayerSet layers() const;
  /// An Error when the frame is not RGB, or its depth has another size.
  FrameLayers render(const SceneFrame& frame) const;
  /// The same into memory that is kept when it has the right size. `wanted` may leave out
  /// streak_rgb. From many threads at once, each with its own `out`.
  void render_into(const SceneFrame& frame, const LayerSet& wanted, FrameLayers& out) const;
  /// The frame's row of the table `frames`, without its name.
  FrameRow row(const SceneFrame& frame) const;

 private:
  GlassDrops drops_at(const Camera& camera, double time_s) const;

  RainParams params_;
  RainKey key_;
  GlassPane pane_;
  std::shared_ptr<FrameWorks> works_;
};

}  // namespace pluvia::synth
