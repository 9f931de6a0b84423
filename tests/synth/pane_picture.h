// SPDX-License-Identifier: Apache-2.0
// Drops over a clean picture as the renderer draws them, read back at the picture's own pixels:
// light R, G, B times coverage, then coverage.
#pragma once

#include <span>
#include <vector>

#include "core/image.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/light_pyramid.h"
#include "synth/effects/pane_view.h"

namespace pluvia::synth {

inline SceneLight plain_scene(const Image<std::uint8_t>& clean) {
  SceneLight scene;
  scene.clean = clean.pixels().data();
  scene.height = clean.height();
  scene.width = clean.width();
  return scene;
}

/// Levels with the memory that holds them.
struct Scales {
  LightLevels levels;
  std::vector<float> memory;

  Scales(const SceneLight& scene, int first, int lanes)
      : levels(LightLevels::of(scene.height, scene.width, first, lanes)) {
    memory.resize(static_cast<std::size_t>(levels.starts[levels.last + 1] * lanes));
    levels.texels = memory.data();
    build_levels({}, {gather_tiles(levels), scene, 1, levels});
  }
};

inline Image<float> pane_picture(std::span<const Lobe> lobes, const Image<std::uint8_t>& clean,
                                 double focal_px, float blur_px) {
  const SceneLight scene = plain_scene(clean);
  const PaneBlur blur = PaneBlur::of(scene.height, scene.width, blur_px);
  const Scales scales(scene, finest_level(lobes, focal_px, blur.grid.scale), 4);
  const TileGrid grid = pane_tiles(blur.grid);
  TileBins bins;  // every lobe to every tile: lists are the renderer's matter
  bins.build(grid, lobes.size(), [](std::size_t) { return Box{-1e9, -1e9, 1e9, 1e9}; });
  const TileLists lists{bins.starts().data(), bins.shapes().data()};
  std::vector<float> sharp(static_cast<std::size_t>(blur.grid.height * blur.grid.width) * 4);
  std::vector<float> soft(sharp.size());
  GlassArgs args;
  args.grid = grid;
  args.pane = blur.grid;
  args.lists = lists;
  args.lobes = lobes.data();
  args.scene = scales.levels;
  args.focal_px = static_cast<float>(focal_px);
  args.centre_x = 0.5F * static_cast<float>(scene.width);
  args.centre_y = 0.5F * static_cast<float>(scene.height);
  args.planes = sharp.data();
  draw_glass({}, args);
  blur_glass({}, {grid, blur.grid, 4, blur.taps.data(), static_cast<int>(blur.taps.size()),
                  blur.reach, lists, sharp.data(), soft.data()});
  Image<float> out(scene.height, scene.width, 4, Transfer::kLinear);
  std::fill(out.pixels().begin(), out.pixels().end(), 0.0F);
  const PaneView view{soft.data(), blur.grid, {}};
  for (int y = 0; y < scene.height; ++y) {
    for (int x = 0; x < scene.width; ++x) {
      PaneTile<4, 1> pane(view, x, 1);
      if (!pane.read(y)) continue;
      for (int l = 0; l < 4; ++l) out.view().at(y, x, l) = pane.row(0)[l];
    }
  }
  return out;
}

/// White above `row`, black below.
inline Image<std::uint8_t> sky_over_ground(int height, int width, int row) {
  Image<std::uint8_t> clean(height, width, 3);
  for (int y = 0; y < height; ++y) {
    for (std::uint8_t& v : clean.view().row(y)) v = y < row ? 255 : 0;
  }
  return clean;
}

}  // namespace pluvia::synth
