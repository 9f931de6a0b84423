// SPDX-License-Identifier: Apache-2.0
// The built-in scenes: streets made from a seed, with exact camera, depth and optical flow. Any
// number of different clips, any frame alone, the same bytes on every machine.
//
// Depth and flow are those of the surface that fills most of the pixel. Panes of windows lie 16 cm
// behind their facade in the picture; depth and flow are the facade's. Flow of the sky is that of
// points at infinity.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "synth/scene.h"

namespace pluvia::synth::scenes {

struct SceneRequest {
  std::uint64_t seed = 0;
  SceneInfo info;
};

struct SceneEntry {
  const char* name;
  const char* help;
  std::unique_ptr<Scene> (*make)(const SceneRequest& request);
};

std::span<const SceneEntry> all_scenes();
/// An Error that lists what there is when the name is unknown.
const SceneEntry& find_scene(const std::string& name);

#define PLUVIA_SCENE(function, name, help) \
  std::unique_ptr<Scene> function(const SceneRequest& request);
#include "synth/scenes/scenes.list"
#undef PLUVIA_SCENE

}  // namespace pluvia::synth::scenes
