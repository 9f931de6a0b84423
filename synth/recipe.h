// SPDX-License-Identifier: Apache-2.0
// A recipe says what a rendered set consists of: how many clips of which scenes, and the rain's
// parameters, each a value or a range from which every clip draws its own.
//
//   {"title": "...", "look": "vrds", "clips": 6, "frames": 24, "size": "480x270", "fps": 25,
//    "test_share": 0.34, "scenes": ["city-drive"],
//    "rain": {"rain_mm_h": [20, 90], "drops": 60}}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/params.h"

namespace pluvia::synth {

struct Recipe {
  std::string title;
  std::string look;  ///< "vrds" or "physical": where the rain's defaults come from
  int clips = 1;
  int frames = 25;
  int height = 360;
  int width = 640;
  double fps = 25;
  double test_share = 0;  ///< of the clips, spread evenly
  std::vector<std::string> scenes;
  std::string rain_text = "{}";  ///< JSON: name -> value or [low, high]

  /// `place` names the text in errors. Unknown keys and values out of range are Errors.
  static Recipe parse(const Json& json, const std::string& place);
  /// "key=value" from the command line: a key of the recipe or, as "rain.key", of the rain.
  static void apply_override(Json& json, const std::string& pair);

  /// The rain of one clip: ranges are drawn uniformly from (seed, clip).
  Params draw(std::uint64_t seed, std::uint32_t clip) const;
  bool is_test(int clip) const;
};

}  // namespace pluvia::synth
