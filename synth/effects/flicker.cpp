// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/flicker.h"

#include <algorithm>
#include <cmath>

#include "core/exact_math.h"
#include "core/rng.h"
#include "synth/fall_speed.h"

namespace pluvia::synth {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kPixelVariance = 0.55 * 0.55;  // effects/streak_bar.h
constexpr double kMiddlingMm = 1.5;             // whose fall gives the direction
constexpr double kSteepest = 1.5;               // columns per row
constexpr std::uint32_t kTextureDraw = 0xF11C0001;
constexpr std::uint32_t kPlaceDraw = 0xF11C0010;

using flicker_law::kColumns;
using flicker_law::kRows;
using flicker_law::kStride;
using flicker_law::kStrip;

/// Of mean 0 and variance 1: four bytes of one word.
float bell(std::uint32_t w) {
  const std::uint32_t sum = (w & 255) + (w >> 8 & 255) + (w >> 16 & 255) + (w >> 24);
  return (static_cast<float>(sum) - 510) / 147.8F;  // four of variance (256^2 - 1) / 12
}

/// White noise, smoothed across by a deviation of 0.6 pixels.
std::vector<float> threads(const RainKey& key, std::uint32_t field) {
  std::vector<float> white(static_cast<std::size_t>(kRows * kColumns));
  Random random{key.seed, key.clip, 0, 0};
  for (std::size_t i = 0; i < white.size(); i += 4) {
    random.particle = static_cast<std::uint32_t>(i / 4);
    const Words4 words = random.words(kTextureDraw + field);
    for (std::size_t k = 0; k < 4; ++k) white[i + k] = bell(words.word[k]);
  }
  constexpr float kBeside = 0.2494F;      // exp(-1 / (2 0.6^2))
  constexpr float kMiddle = 1 / 1.0604F;  // one over the root of 1 + 2 beside^2
  std::vector<float> out(white.size());
  for (int y = 0; y < kRows; ++y) {
    const float* const line = white.data() + y * kColumns;
    for (int x = 0; x < kColumns; ++x) {
      const float sides = line[(x + kColumns - 1) % kColumns] + line[(x + 1) % kColumns];
      out[static_cast<std::size_t>(y * kColumns + x)] = kMiddle * (line[x] + kBeside * sides);
    }
  }
  return out;
}

/// Adds the boxes of `length` rows over a column, times `weight`.
void add_boxes(const std::vector<float>& from, int length, float weight, std::vector<float>& out) {
  const auto at = [&](int y, int x) {
    return from[static_cast<std::size_t>((y + kRows) % kRows * kColumns + x)];
  };
  for (int x = 0; x < kColumns; ++x) {
    float sum = 0;
    for (int y = 1 - length; y <= 0; ++y) sum += at(y, x);
    for (int y = 0; y < kRows; ++y) {
      out[static_cast<std::size_t>(y * kStride + x)] += weight * sum;
      sum += at(y + 1, x) - at(y + 1 - length, x);
    }
  }
}

/// What drops of one size add per metre of depth, and how long their streaks are.
struct Part {
  double variance;
  double length_px;
};

Part part_of(double d_mm, double z_m, const VeilField& field, const Lens& lens) {
  const double d_m = d_mm * 1e-3;
  const double width = field.focal_px * d_m / z_m;
  const double blur = lens.blur_px(z_m, field.focal_px);
  const double sigma = std::sqrt((width * width + blur * blur) / 16 + kPixelVariance);
  const double length = field.focal_px * fall_speed_m_s(d_mm) * lens.exposure_s / z_m;
  const double spread =
      2 * std::sqrt(kPi) * sigma * std::sqrt(length * length + 4 * kPi * sigma * sigma);
  const double area = field.q_ext * kPi / 4 * field.focal_px * d_m * d_m / z_m;
  return {area * area / spread, length};
}

}  // namespace

FlickerTable::FlickerTable(const DropSizes& sizes, const VeilField& field, double near_m,
                           const Lens& lens) {
  constexpr int kSizes = 32;
  double variance = 0;
  double by_length[kLengths] = {};
  double before_m = 0;
  for (int i = 1; i <= kEntries; ++i) {
    const double root = static_cast<double>(i) / kEntries;
    const double end_m = kEndM * root * root;
    const double from_m = std::max(before_m, near_m);
    const double z_m = 0.5 * (from_m + end_m);
    const double most_mm =
        std::min(kLargestDropMm, field.min_width_px * z_m / field.focal_px * 1e3);
    const double step_mm = (most_mm - kSmallestDropMm) / kSizes;
    for (int k = 0; k < kSizes && end_m > from_m && step_mm > 0; ++k) {
      const double d_mm = kSmallestDropMm + (k + 0.5) * step_mm;
      const Part part = part_of(d_mm, z_m, field, lens);
      const double more = part.variance * sizes.density(d_mm) * step_mm * (end_m - from_m);
      variance += more;
      int length = 0;
      while (length + 1 < kLengths && part.length_px > 2.83 * (1 << length)) ++length;
      by_length[length] += more;
    }
    deviation_[i] = static_cast<float>(std::sqrt(variance));
    before_m = end_m;
  }
  for (int k = 0; k < kLengths; ++k) {
    shares_[k] = variance > 0 ? by_length[k] / variance : (k == 0 ? 1 : 0);
  }
}

std::vector<float> flicker_texture(const FlickerTable& table, const RainKey& key) {
  std::vector<float> out(static_cast<std::size_t>(kRows * kStride));
  for (int k = 0; k < FlickerTable::kLengths; ++k) {
    const int length = 2 << k;
    const auto weight = static_cast<float>(std::sqrt(table.share(k) / length));
    add_boxes(threads(key, static_cast<std::uint32_t>(k)), length, weight, out);
  }
  for (int y = 0; y < kRows; ++y) {
    float* const line = out.data() + y * kStride;
    std::copy(line, line + kStrip, line + kColumns);
  }
  return out;
}

std::vector<std::int32_t> flicker_starts(const RainField& field, const RainKey& key,
                                         const Camera& camera, double time_s) {
  const Vec3 drop = wind_at(field, key, time_s) + Vec3{0, -fall_speed_m_s(kMiddlingMm), 0} -
                    camera.velocity * field.ego_motion;
  const double right = camera.focal_px * dot(drop, camera.axes.right);
  const double down = -camera.focal_px * dot(drop, camera.axes.up);
  const double away = -dot(drop, camera.axes.back);
  const std::uint32_t frame = frame_bits(time_s);
  const int strips = (camera.width + kStrip - 1) / kStrip;
  std::vector<std::int32_t> out;
  out.reserve(static_cast<std::size_t>(strips) * static_cast<std::size_t>(camera.height));
  for (int strip = 0; strip < strips; ++strip) {
    const Random random{key.seed, key.clip, frame, static_cast<std::uint32_t>(strip)};
    const Words4 words = random.words(kPlaceDraw);
    const double aside = right - (kStrip * (strip + 0.5) - 0.5 * camera.width) * away;
    double x = words.word[0] % kColumns;
    for (int y = 0; y < camera.height; ++y) {
      const auto row =
          static_cast<std::int32_t>((words.word[1] + static_cast<std::uint32_t>(y)) % kRows);
      const auto column =
          static_cast<std::int32_t>(static_cast<std::int64_t>(std::floor(x)) & (kColumns - 1));
      out.push_back(row * kStride + column);
      const double fall = down - (y + 0.5 - 0.5 * camera.height) * away;
      x += std::abs(fall) * kSteepest > std::abs(aside) ? aside / fall
                                                        : std::copysign(kSteepest, aside * fall);
    }
  }
  return out;
}

}  // namespace pluvia::synth
