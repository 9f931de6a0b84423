// SPDX-License-Identifier: Apache-2.0
// Single-channel pictures in float for the classical methods: luma, means over boxes, halving, and
// lines' minima and maxima.
#pragma once

#include <cstddef>
#include <vector>

#include "core/method.h"

namespace pluvia {

struct Plane {
  int height = 0;
  int width = 0;
  std::vector<float> values;

  Plane() = default;
  Plane(int h, int w, float fill = 0)
      : height(h),
        width(w),
        values(static_cast<std::size_t>(h) * static_cast<std::size_t>(w), fill) {}
  float& at(int y, int x) { return values[index(y, x)]; }
  float at(int y, int x) const { return values[index(y, x)]; }

 private:
  std::size_t index(int y, int x) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
};

/// BT.601 weights on display values, of frame t.
Plane luma_of(const FramesView<const float>& frames, int t);

/// Mean over the (2 radius + 1)^2 box, cut at the border.
Plane box_mean(const Plane& from, int radius);

/// Half the size, each pixel the mean of up to four.
Plane halved(const Plane& from);

/// Smallest (or largest) value within `radius` along rows (or columns).
enum class Along { kRows, kColumns };
Plane running_min(const Plane& from, int radius, Along along);
Plane running_max(const Plane& from, int radius, Along along);

/// Minima then maxima: removes what is bright and shorter than 2 radius + 1.
Plane opening(const Plane& from, int radius, Along along);

}  // namespace pluvia
