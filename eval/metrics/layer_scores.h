// SPDX-License-Identifier: Apache-2.0
// How well a method sees the rain it removes: what it predicts beside the clean frame against the
// same layer of the set, as 8-bit pictures (values 0..1 times 255, clamped and rounded, as they are
// saved).
//
//   mask    a raindrop is where the value is at least 128, which a probability of 0.5 becomes; the
//           truth is coverage and cut the same. IoU = TP/(TP+FP+FN), F1 = 2TP/(2TP+FP+FN),
//           precision = TP/(TP+FP), recall = TP/(TP+FN) of all pixels of a clip together. 0/0 is
//           undefined and counts in no mean: IoU and F1 where nothing is claimed and nothing is
//           there, precision where nothing is claimed, recall where nothing is there. Drops claimed
//           on a clip without any score 0.
//   streak  intensity as the set stores it and networks are trained on it (mean squared error
//           against code/255): mean absolute error in code values, and PSNR with peak 255 of the
//           error of all pixels of a clip together (frames without streaks make no infinity).
//   drop    the frame without streaks, RGB: PSNR, frame by frame, so that it stands beside the PSNR
//           of the clean frame.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/clip.h"
#include "core/image.h"

namespace pluvia {

/// Of one frame, or of several added up: counts {TP, FP, FN} of a mask, {sum |e|, sum e^2, samples}
/// of the others. Whole numbers below 2^53.
struct LayerTally {
  std::array<double, 3> sums{};
  LayerTally& operator+=(const LayerTally& other);
};

struct LayerScore {
  const char* key;  ///< "mask_iou"
  const char* name;
  const char* unit;
  const char* help;
  bool higher_is_better;
  double (*of)(const LayerTally& tally);  ///< NaN: undefined
};

struct ScoredLayer {
  Layer layer;
  /// Pictures of equal size.
  LayerTally (*tally)(ImageView<const std::uint8_t> claimed, ImageView<const std::uint8_t> truth);
  std::span<const LayerScore> scores;
  bool pooled;  ///< a clip's score is of the sum over its frames, else the mean of its frames'
};

/// In the order in which tables show them.
std::span<const ScoredLayer> scored_layers();

}  // namespace pluvia
