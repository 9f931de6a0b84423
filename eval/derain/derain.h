// SPDX-License-Identifier: Apache-2.0
// A method on real footage: every sequence of an input through windows and tiles into an output, in
// memory that does not grow with the length.
#pragma once

#include <string>

#include "core/method.h"
#include "eval/apply/method_plan.h"
#include "eval/derain/output_place.h"

namespace pluvia {

struct DerainRequest {
  std::string input;
  std::string output;
  std::string layers;  ///< folder for what the method also predicts; empty: not kept
  std::string clip;    ///< only this one of a set or of a folder of folders
  Tiling tiling = Tiling::kAuto;
  int tile_px = 0;     ///< of kAuto; 0: chosen
  PlaceOptions place;  ///< `settings` describes the method; the input and the tiling are added
};

struct DerainOutcome {
  int sequences = 0;
  int frames = 0;
  double seconds = 0;  ///< of the method alone
};

DerainOutcome derain(Method& method, const DerainRequest& request);

}  // namespace pluvia
