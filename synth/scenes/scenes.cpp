// SPDX-License-Identifier: Apache-2.0
// The table of scenes.
#include "synth/scenes/scenes.h"

namespace pluvia::synth::scenes {
namespace {

constexpr SceneEntry kScenes[] = {
#define PLUVIA_SCENE(function, name, help) {name, help, function},
#include "synth/scenes/scenes.list"
#undef PLUVIA_SCENE
};

}  // namespace

std::span<const SceneEntry> all_scenes() { return kScenes; }

const SceneEntry& find_scene(const std::string& name) {
  std::string known;
  for (const SceneEntry& entry : kScenes) {
    if (name == entry.name) return entry;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  fail("looking for scene '", name, "': there is none of that name; expected one of ", known);
}

}  // namespace pluvia::synth::scenes
