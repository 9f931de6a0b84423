// SPDX-License-Identifier: Apache-2.0
#include "eval/apply/planar.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace pluvia {

void append_planar(const Image<std::uint8_t>& image, std::vector<float>& to) {
  const std::uint8_t* const from = image.pixels().data();
  const std::size_t pixels = image.pixels().size() / 3;
  const std::size_t start = to.size();
  to.resize(start + 3 * pixels);
  for (std::size_t c = 0; c < 3; ++c) {
    float* const plane = to.data() + start + c * pixels;
    for (std::size_t i = 0; i < pixels; ++i) {
      plane[i] = static_cast<float>(from[3 * i + c]) / 255.0F;
    }
  }
}

Image<std::uint8_t> to_codes(const PlanarFrame& frame, int first, int channels, ToCode rule,
                             int t) {
  PLUVIA_CHECK(first >= 0 && first + channels <= frame.channels, first, " ", frame.channels);
  Image<std::uint8_t> out(frame.height, frame.width, channels);
  std::uint8_t* const to = out.pixels().data();
  const auto step = static_cast<std::size_t>(channels);
  const std::size_t pixels = out.pixels().size() / step;
  for (std::size_t c = 0; c < step; ++c) {
    const float* const from = frame.values.data() + (static_cast<std::size_t>(first) + c) * pixels;
    for (std::size_t i = 0; i < pixels; ++i) {
      if (!std::isfinite(from[i])) {
        fail("the method gave ", from[i], " in frame ", t, ", expected finite numbers");
      }
      const float code = std::clamp(from[i], 0.0F, 1.0F) * 255.0F;
      to[step * i + c] = static_cast<std::uint8_t>(
          rule == ToCode::kTruncate ? std::floor(code) : std::nearbyint(code));
    }
  }
  return out;
}

}  // namespace pluvia
