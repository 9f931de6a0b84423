// SPDX-License-Identifier: Apache-2.0
// The models of vehicles: each a convex body and a convex cabin, cut by planes from a side view of
// five numbers or so. Metres; z forward, y above the road.
#pragma once

#include <vector>

#include "synth/scenes/primitive.h"

namespace pluvia::synth::scenes {

struct CarModel {
  float length, width, height;
  float belt;         ///< where body and windows meet
  float nose;         ///< height of the bonnet's front edge
  float screen_foot;  ///< windscreen: z at the belt and at the roof
  float screen_top;
  float rear_foot;  ///< rear window: likewise
  float rear_top;
  float wheel;  ///< radius
  Hull body;
  Hull cabin;  ///< planes in the order of CabinFace

  float axle() const { return 0.305F * length; }
};

enum CabinFace { kScreen, kRearWindow, kRoof, kLeftSide, kRightSide };

class Fleet {
 public:
  Fleet();
  const CarModel& model(std::uint32_t hash) const { return models_[hash % models_.size()]; }

 private:
  std::vector<CarModel> models_;
};

}  // namespace pluvia::synth::scenes
