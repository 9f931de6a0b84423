// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/linear_light.h"

#include "core/exact_math.h"

namespace pluvia::synth {
namespace {

double light_of(double display) {
  if (display <= 0.04045) return display / 12.92;
  return exact::exp(2.4 * exact::log((display + 0.055) / 1.055));
}

}  // namespace

const LinearLight& LinearLight::tables() {
  static const LinearLight instance;
  return instance;
}

LinearLight::LinearLight() {
  for (std::size_t code = 0; code < 256; ++code) {
    const auto value = static_cast<double>(code);
    decode_[code] = static_cast<float>(light_of(value / 255));
    from_[code] = code == 0 ? -1.0F : static_cast<float>(light_of((value - 0.5) / 255));
  }
  from_[256] = 2;
  std::size_t code = 0;
  for (std::size_t i = 0; i <= kGuesses; ++i) {
    // The smallest light that falls into the slot, less what rounding of the root may add.
    const double root = (static_cast<double>(i) - 0.001) / kGuesses;
    while (root > 0 && root * root >= static_cast<double>(from_[code + 1])) ++code;
    guess_[i] = static_cast<std::uint8_t>(code);
  }
}

}  // namespace pluvia::synth
