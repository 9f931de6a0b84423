// SPDX-License-Identifier: Apache-2.0
// What a recipe says of one parameter: a value, or a distribution from which every clip draws its
// own.
//
//   25   "vrds"   true              the same for every clip
//   [5, 100]                        uniform
//   {"log_uniform": [1, 100]}       uniform in the logarithm; both ends above 0
//   {"normal": [25, 5]}             mean and standard deviation, cut at three deviations
//   {"choice": [1, 2, 4]}           one of these, equally likely
//
// A draw depends on (seed, clip, the parameter's name) alone, so changing one parameter of a recipe
// leaves what the others draw as it was.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/json.h"
#include "core/params.h"

namespace pluvia::synth {

struct DrawKey {
  std::uint64_t seed = 0;
  std::uint32_t clip = 0;
};

/// Sets every parameter that `rules` (a JSON object) names. All that could be drawn must be allowed
/// by the table, whatever is drawn: an Error names key, range and nearest known key.
void draw_params(const Json& rules, std::span<const Param> table, const DrawKey& key,
                 Params& params);

}  // namespace pluvia::synth
