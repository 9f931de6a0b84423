// SPDX-License-Identifier: Apache-2.0
// sRGB codes to light and back (IEC 61966-2-1), light 1 at code 255. encode(decode(v)) = v for
// every code, and encode rounds to the code whose display value is nearest, exactly: 128 slots for
// every doubling of light hold at most one threshold between codes each, and a slot's entry is made
// such that adding the rest of the number's mantissa carries into the code where it is passed.
//
// A plain table without pointers, so that it can be copied to a device.
#pragma once

#include <bit>
#include <cstdint>

#include "core/backend.h"

namespace pluvia::synth {

class LinearLight {
 public:
  static const LinearLight& tables();

  PLUVIA_MEMBER float decode(std::uint8_t code) const { return decode_[code]; }

  PLUVIA_MEMBER std::uint8_t encode(float light) const {
    return static_cast<std::uint8_t>(encode_wide(light));
  }
  /// The same, as a number of the width that vectors work in.
  PLUVIA_MEMBER std::int32_t encode_wide(float light) const {
    const float above = light > kLeast ? light : kLeast;  // NaN becomes black
    const float within = above < kMost ? above : kMost;
    const auto bits = std::bit_cast<std::uint32_t>(within);
    const std::uint32_t entry = slots_[(bits >> kShift) - kFirstSlot];
    return static_cast<std::int32_t>((entry + (bits & kRest)) >> kShift);
  }

 private:
  LinearLight();

  static constexpr float kLeast = 0x1p-13F;  ///< below the first threshold, 1.5e-4
  static constexpr float kMost = 1 - 0x1p-24F;
  static constexpr std::uint32_t kShift = 16;
  static constexpr std::uint32_t kRest = 0xFFFF;
  static constexpr std::uint32_t kFirstSlot = (127 - 13) << 7;
  static constexpr std::uint32_t kSlots = 13 << 7;

  float decode_[256] = {};
  std::uint32_t slots_[kSlots] = {};
};

}  // namespace pluvia::synth
