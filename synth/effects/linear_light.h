// SPDX-License-Identifier: Apache-2.0
// sRGB codes to light and back (IEC 61966-2-1), light 1 at code 255. encode(decode(v)) = v for
// every code, and encode rounds to the code whose display value is nearest; both from tables.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace pluvia::synth {

class LinearLight {
 public:
  static const LinearLight& tables();

  float decode(std::uint8_t code) const { return decode_[code]; }

  std::uint8_t encode(float light) const {
    if (!(light > 0)) return 0;
    if (light >= 1) return 255;
    int code = guess_[static_cast<std::size_t>(std::sqrt(light) * kGuesses)];
    while (light >= from_[static_cast<std::size_t>(code) + 1]) ++code;
    return static_cast<std::uint8_t>(code);
  }

 private:
  LinearLight();

  static constexpr int kGuesses = 4096;
  std::array<float, 256> decode_{};
  std::array<float, 257> from_{};  ///< smallest light of each code
  std::array<std::uint8_t, kGuesses + 1> guess_{};
};

}  // namespace pluvia::synth
