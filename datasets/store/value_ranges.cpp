// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/value_ranges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/error.h"
#include "core/half.h"

namespace pluvia {
namespace {

// Bits of float16: sign, infinity.
constexpr std::uint16_t kSign = 0x8000;
constexpr std::uint16_t kInfinity = 0x7C00;

bool is_depth(std::uint16_t bits) { return bits > 0 && bits <= kInfinity; }
bool is_flow(std::uint16_t bits) { return (bits & ~kSign) < kInfinity; }

template <std::size_t N>
bool all_finite(const std::array<float, N>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool is_turn(const std::array<float, 4>& q) {
  const float norm = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  return std::abs(norm - 1) < 1e-3F;  // NaN is not
}

bool is_above(float value, float least) { return value > least && std::isfinite(value); }
bool is_at_least(float value, float least) { return value >= least && std::isfinite(value); }

/// The column that is wrong, and what was expected; empty: none.
std::string wrong_column(const FrameRow& row) {
  if (!is_above(row.exposure_s, 0)) return cat("exposure_s is ", row.exposure_s, ", expected > 0");
  if (!all_finite(row.position_m)) return "position is not finite";
  if (!is_turn(row.orientation)) return "orientation is not a quaternion of length 1";
  if (!is_above(row.focal_px, 0)) return cat("focal_px is ", row.focal_px, ", expected > 0");
  if (!is_at_least(row.speed_m_s, 0)) return cat("speed_m_s is ", row.speed_m_s);
  if (!is_at_least(row.rain_mm_h, 0)) return cat("rain_mm_h is ", row.rain_mm_h);
  if (!all_finite(row.wind_m_s)) return "wind is not finite";
  if (row.drops_on_glass < 0) return cat("drops_on_glass is ", row.drops_on_glass);
  return "";
}

}  // namespace

std::string check_values(Layer layer, std::span<const std::byte> pixels, int width) {
  if (layer != Layer::kDepth && layer != Layer::kFlow) return "";
  const bool depth = layer == Layer::kDepth;
  std::size_t wrong = 0;
  std::size_t first = 0;
  float found = 0;
  for (std::size_t i = 0; i < pixels.size() / 2; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, pixels.data() + 2 * i, sizeof bits);
    if (depth ? is_depth(bits) : is_flow(bits)) continue;
    if (wrong++ == 0) first = i, found = half_to_float(bits);
  }
  if (wrong == 0) return "";
  const std::size_t pixel = first / (depth ? 1 : 2);
  const auto w = static_cast<std::size_t>(width);
  return cat(depth ? "is no distance" : "is no motion", " at ", wrong,
             " values, first at x=", pixel % w, " y=", pixel / w, ": found ", found, ", expected ",
             depth ? "metres above 0, or infinity for sky" : "finite pixels");
}

std::string check_rows(const std::vector<FrameRow>& rows, const FrameColumns& columns,
                       bool pictures) {
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const FrameRow& row = rows[t];
    if (columns.time && !std::isfinite(row.time_s)) return cat("row ", t, ": time_s is not finite");
    if (columns.time && !pictures && t > 0 && row.time_s < rows[t - 1].time_s) {
      return cat("row ", t, ": time_s is ", row.time_s, ", before ", rows[t - 1].time_s);
    }
    const std::string wrong = columns.rendering ? wrong_column(row) : "";
    if (!wrong.empty()) return cat("row ", t, ": ", wrong);
  }
  return "";
}

}  // namespace pluvia
