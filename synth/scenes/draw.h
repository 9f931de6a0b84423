// SPDX-License-Identifier: Apache-2.0
// Draws for one thing of a scene (a building, a car, the weather): a pure function of the scene's
// seed, the purpose and the thing's number; each call takes the next dimension.
#pragma once

#include <cstdint>

#include "core/rng.h"
#include "synth/scenes/geometry.h"

namespace pluvia::synth::scenes {

enum class Purpose : std::uint32_t {
  kLight,
  kStreet,
  kLot,
  kBackground,
  kTree,
  kParked,
  kTraffic,
  kPerson,
  kCamera,
};

class Draw {
 public:
  Draw(std::uint64_t seed, Purpose purpose, std::uint32_t number)
      : random_{seed, static_cast<std::uint32_t>(purpose), 0, number} {}

  float range(float low, float high) {
    return low + (high - low) * static_cast<float>(random_.uniform(dimension_++));
  }
  int below(int n) {
    return static_cast<int>(random_.below(dimension_++, static_cast<std::uint32_t>(n)));
  }
  bool chance(float p) { return range(0, 1) < p; }
  std::uint32_t word() { return random_.words(dimension_++).word[0]; }
  /// The colour with each channel, and all together, varied a little.
  Rgb near(Rgb c, float amount) {
    const float all = range(1 - amount, 1 + amount);
    const float tint = amount * 0.3F;
    return {c.r * all * range(1 - tint, 1 + tint), c.g * all * range(1 - tint, 1 + tint),
            c.b * all * range(1 - tint, 1 + tint)};
  }

 private:
  Random random_;
  std::uint32_t dimension_ = 0;
};

}  // namespace pluvia::synth::scenes
