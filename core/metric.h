// SPDX-License-Identifier: Apache-2.0
// A score of a prediction against its reference: a pure function that ends in one descriptor.
// What is done to the pictures before (colour, rounding, borders) belongs to the protocol.
#pragma once

#include <cstdint>

#include "core/image.h"

namespace pluvia {

/// Pictures of equal size with values in 0..255, in double so that nothing is lost on the way to
/// a printed score.
struct MetricInput {
  ImageView<const double> reference;
  ImageView<const double> prediction;
  /// One channel, counts where not 0; empty: every pixel counts.
  ImageView<const std::uint8_t> mask;
};

struct Metric {
  const char* name;
  const char* unit;  ///< "dB"; empty: a pure number
  const char* help;
  double ideal;  ///< score of a perfect prediction; may be infinite
  bool higher_is_better;
  double (*score)(const MetricInput& input);
};

}  // namespace pluvia
