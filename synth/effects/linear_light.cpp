// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/linear_light.h"

#include "core/error.h"
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
  std::uint32_t threshold[256] = {};  // bits of the smallest light of each code
  for (std::uint32_t code = 0; code < 256; ++code) {
    decode_[code] = static_cast<float>(light_of(code / 255.0));
    if (code > 0)
      threshold[code] = std::bit_cast<std::uint32_t>(static_cast<float>(light_of((code - 0.5) / 255)));
  }
  std::uint32_t code = 0;
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    const std::uint32_t end = (slot + kFirstSlot + 1) << kShift;
    slots_[slot] = code << kShift;
    if (code == 255 || threshold[code + 1] >= end) continue;
    slots_[slot] += (1U << kShift) - (threshold[code + 1] & kRest);
    ++code;
    PLUVIA_CHECK(code == 255 || threshold[code + 1] >= end, code);
  }
}

}  // namespace pluvia::synth
