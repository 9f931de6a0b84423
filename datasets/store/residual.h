// SPDX-License-Identifier: Apache-2.0
// What layers say of each other. A rendered rainy frame follows from its other layers to the bit
// (the rules of its formation), a frame with drops is the clean one but for the drops: the `small`
// storage keeps of such a layer only the difference to what is predicted, modulo 256, which is
// mostly zeros. It has a name of its own, <layer>_residual, so that nobody takes it for the layer,
// and says in its attribute `predicted_by` from what: layer = residual + prediction.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/clip.h"

namespace pluvia {

/// Layers of the same pixels, by layer; those that a rule does not ask for may be empty.
using LayerPixels = std::array<std::span<const std::byte>, kLayerCount>;

struct ResidualRule {
  Layer layer;               ///< of 8 bits
  const char* predicted_by;  ///< the formula, as the attribute has it
  std::vector<Layer> from;
  /// Into as many bytes as the layer has.
  void (*predict)(const LayerPixels& from, std::span<std::byte> out);
};

/// The rule for a layer of clips with these layers; null: it is stored as it is.
const ResidualRule* residual_rule(Layer layer, const LayerSet& there, const std::string& formation);
/// The rule that a file names; an Error when there is none of that name.
const ResidualRule& residual_rule_named(Layer layer, const std::string& predicted_by);

/// The name of a layer's data set that holds a residual.
std::string residual_name(Layer layer);

/// out = pixels - prediction.
void take_residual(const ResidualRule& rule, const LayerPixels& from,
                   std::span<const std::byte> pixels, std::vector<std::byte>& out);
/// residual + prediction, in place.
void undo_residual(const ResidualRule& rule, const LayerPixels& from,
                   std::span<std::byte> residual);

}  // namespace pluvia
