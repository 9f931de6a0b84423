// SPDX-License-Identifier: Apache-2.0
// The same clips again with one thing changed: twins, in which an effect is switched off so that an
// error can be attributed to its cause, and sweeps, in which a parameter takes listed values. All
// variants of a clip have its scene, seed and split; what does not depend on the change is the same
// to the last bit (the drops on the glass of a clip and of its twin without streaks, say).
//
//   "twins": ["no-streaks", "no-drops", "no-veil", "still-drops"]
//   "sweep": {"rain_mm_h": [0, 5, 25], "drops": [0, 10, 40]}     lists of equal length, walked
//   together
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace pluvia::synth {

struct Variant {
  std::string name;  ///< "" for the clip itself, "no-drops", "rain_mm_h-25"
  std::vector<std::pair<std::string, std::string>> changes;  ///< of the rain's parameters
};

/// At least one. A recipe with a sweep has each of its steps, and with twins each of these beside
/// the full one. `recipe` holds the keys "twins" and "sweep" or lacks them.
std::vector<Variant> variants_of(const Json& recipe);

/// What may stand in "twins".
std::vector<std::string> twin_names();

}  // namespace pluvia::synth
