// SPDX-License-Identifier: Apache-2.0
// A method on real footage: every sequence of an input through windows and tiles into an output, in
// memory that does not grow with the length.
#pragma once

#include <string>

#include "core/method.h"
#include "eval/apply/apply_method.h"
#include "eval/derain/output_place.h"

namespace pluvia {

enum class Tiling : std::uint8_t {
  kAuto,   ///< tiles that fit in memory, with wide soft seams
  kNone,   ///< whole pictures
  kPaper,  ///< as the method's paper tests it
};

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

/// The windows and tiles for pictures of some size. An Error of usage when kPaper is asked of a
/// method that has no such protocol.
ApplyPlan plan_of(const MethodInfo& method, const DerainRequest& request);

DerainOutcome derain(Method& method, const DerainRequest& request);

}  // namespace pluvia
