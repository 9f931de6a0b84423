// SPDX-License-Identifier: Apache-2.0
#include "models/methods/planes.h"

#include <algorithm>
#include <functional>

namespace pluvia {
namespace {

template <typename Better>
Plane running(const Plane& from, int radius, Along along, const Better& better) {
  Plane out(from.height, from.width);
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) {
      float best = from.at(y, x);
      for (int k = -radius; k <= radius; ++k) {
        const int v = along == Along::kColumns ? std::clamp(y + k, 0, from.height - 1) : y;
        const int u = along == Along::kRows ? std::clamp(x + k, 0, from.width - 1) : x;
        const float value = from.at(v, u);
        if (better(value, best)) best = value;
      }
      out.at(y, x) = best;
    }
  }
  return out;
}

/// Means over 2 radius + 1 neighbours of `count` values, `step` apart.
void mean_line(const float* from, float* to, int count, int step, int radius) {
  double sum = 0;
  int inside = 0;
  const auto at = [&](int i) { return static_cast<double>(from[std::ptrdiff_t{i} * step]); };
  for (int i = 0; i < std::min(radius, count); ++i, ++inside) sum += at(i);
  for (int i = 0; i < count; ++i) {
    if (i + radius < count) sum += at(i + radius), ++inside;
    if (i - radius - 1 >= 0) sum -= at(i - radius - 1), --inside;
    to[std::ptrdiff_t{i} * step] = static_cast<float>(sum / inside);
  }
}

}  // namespace

Plane luma_of(const FramesView<const float>& frames, int t) {
  Plane out(frames.height, frames.width);
  const std::size_t plane = out.values.size();
  const float* const r =
      frames.data + static_cast<std::size_t>(t) * static_cast<std::size_t>(frames.channels) * plane;
  for (std::size_t i = 0; i < plane; ++i) {
    out.values[i] = 0.299F * r[i] + 0.587F * r[plane + i] + 0.114F * r[2 * plane + i];
  }
  return out;
}

Plane box_mean(const Plane& from, int radius) {
  Plane across(from.height, from.width);
  Plane out(from.height, from.width);
  for (int y = 0; y < from.height; ++y) {
    const std::ptrdiff_t row = std::ptrdiff_t{y} * from.width;
    mean_line(from.values.data() + row, across.values.data() + row, from.width, 1, radius);
  }
  for (int x = 0; x < from.width; ++x) {
    mean_line(across.values.data() + x, out.values.data() + x, from.height, from.width, radius);
  }
  return out;
}

Plane halved(const Plane& from) {
  Plane out((from.height + 1) / 2, (from.width + 1) / 2);
  for (int y = 0; y < out.height; ++y) {
    const int v = std::min(2 * y + 1, from.height - 1);
    for (int x = 0; x < out.width; ++x) {
      const int u = std::min(2 * x + 1, from.width - 1);
      out.at(y, x) =
          0.25F * (from.at(2 * y, 2 * x) + from.at(2 * y, u) + from.at(v, 2 * x) + from.at(v, u));
    }
  }
  return out;
}

Plane running_min(const Plane& from, int radius, Along along) {
  return running(from, radius, along, std::less<float>());
}

Plane running_max(const Plane& from, int radius, Along along) {
  return running(from, radius, along, std::greater<float>());
}

Plane opening(const Plane& from, int radius, Along along) {
  return running_max(running_min(from, radius, along), radius, along);
}

}  // namespace pluvia
