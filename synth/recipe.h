// SPDX-License-Identifier: Apache-2.0
// A recipe says what a rendered set consists of: how many clips of which scenes, and the parameters
// of rain and camera, each a value or a distribution from which every clip draws its own
// (synth/value_rule.h), and which variants of every clip there are (synth/variants.h).
//
//   {"title": "...", "look": "vrds", "seed": 1, "clips": 6, "frames": 24, "size": "480x270",
//    "fps": 25, "test_share": 0.34, "scenes": ["city-drive"], "layers": ["depth"],
//    "rain": {"rain_mm_h": [20, 90], "drops": 60}, "twins": ["no-streaks"]}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/json.h"
#include "core/params.h"
#include "synth/variants.h"

namespace pluvia::synth {

struct Recipe {
  std::string title;
  std::string look;  ///< "vrds" or "physical": where the rain's defaults come from
  std::uint64_t seed = 1;
  int clips = 1;
  int frames = 25;
  int height = 360;
  int width = 640;
  double fps = 25;
  double test_share = 0;  ///< of the clips, spread evenly
  std::vector<std::string> scenes;
  std::vector<std::string> sources;   ///< clean footage instead of scenes, relative to the recipe
  LayerSet extra_layers;              ///< depth, flow: beside those that rain makes
  std::string rain_text = "{}";       ///< JSON: name -> rule
  std::string camera_text = "{}";     ///< JSON: name -> rule; footage only
  std::vector<Variant> variants{{}};  ///< of every clip; at least one

  /// `place` names the text in errors. Unknown keys and values out of range are Errors.
  static Recipe parse(const Json& json, const std::string& place);
  /// "key=value" from the command line: a key of the recipe, of the rain ("rain.key" or "key"), or
  /// of the camera ("camera.key").
  static void apply_override(Json& json, const std::string& pair);

  /// "vrds" or "physical": how the layers of every clip make up its frames.
  std::string formation() const;
  /// The rain of one variant of one clip.
  Params rain_of(std::uint32_t clip, const Variant& variant) const;
  /// The camera that is assumed for one clip of footage.
  Params camera_of(std::uint32_t clip) const;
  bool is_test(int clip) const;
};

}  // namespace pluvia::synth
