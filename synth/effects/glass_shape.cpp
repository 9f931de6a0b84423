// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_shape.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/exact_math.h"
#include "synth/effects/glass_forces.h"

namespace pluvia::synth {
namespace {

constexpr std::int16_t kCalmSteps = 72;
constexpr float kTakenIn = 0.027F;    ///< share, of the largest one's: a radius of 0.3
constexpr float kVanished = 0.0003F;  ///< a radius of 0.07
constexpr int kLasting = 4;           ///< parts that a drop at rest keeps
constexpr double kTogether = 0.68;    ///< of their distance is what joined parts keep
constexpr double kTailSpeedMmS = 25;
/// Half the width that weight lets a drop have: about the capillary length. More water runs long.
constexpr float kWidestMm = 2.2F;

/// Share of a difference that a step of 1/120 s makes up at a time constant.
struct Rates {
  double rest = 1 - exact::exp(-1 / (120 * 0.05));
  double spread = 1 - exact::exp(-1 / (120 * 0.03));
  double fade = 1 - exact::exp(-1 / (120 * 0.04));
  double look = 1 - exact::exp(-1 / (120 * 0.07));
  double straighten = 1 - exact::exp(-1 / (120 * 0.10));
};
const Rates kRates;

/// How many parts of the drop are larger.
int rank_of(const GlassWater& drop, int i) {
  const float share = drop.part[static_cast<std::size_t>(i)].share;
  int larger = 0;
  for (int k = 0; k < drop.parts; ++k) {
    const float other = drop.part[static_cast<std::size_t>(k)].share;
    if (other > share || (other == share && k < i)) ++larger;
  }
  return larger;
}

std::int32_t toward(std::int32_t from, double to, double rate) {
  return from + static_cast<std::int32_t>(std::llround((to - from) * rate));
}

}  // namespace

int main_part(const GlassWater& drop) {
  int main = 0;
  for (int i = 1; i < drop.parts; ++i) {
    if (drop.part[static_cast<std::size_t>(i)].share >
        drop.part[static_cast<std::size_t>(main)].share) {
      main = i;
    }
  }
  return main;
}

GlassShape::GlassShape(double contact_deg, double stretch)
    : resting_factor_(cap_volume_factor(contact_deg)), stretch_(stretch) {
  for (int k = 0; k < kKinds; ++k) {
    // Dirt and age of the contact: 0.8 to 1.15 of the angle.
    const double degrees = std::min(89.0, contact_deg * (0.8 + 0.05 * k));
    const exact::SinCos contact = exact::sin_cos_turns(degrees / 360);
    sin_[k] = static_cast<float>(contact.sin);
    cos_[k] = static_cast<float>(contact.cos);
    factor_[k] = cap_volume_factor(degrees);
  }
}

std::int64_t GlassShape::volume_um3(double radius_mm, std::uint32_t tag) const {
  return std::llround(factor_[kind_of(tag)] * radius_mm * radius_mm * radius_mm * 1e9);
}

double GlassShape::radius_mm(double volume_um3, std::uint32_t tag) const {
  return 1e-3 * cube_root(volume_um3 / factor_[kind_of(tag)]);
}

double GlassShape::foot_mm(const GlassWater& drop) const {
  return 1e-3 * cube_root(static_cast<double>(drop.volume_um3) / resting_factor_);
}

void GlassShape::refresh(GlassWater& drop) const {
  const auto volume = static_cast<double>(drop.volume_um3);
  for (int i = 0; i < drop.parts; ++i) {
    GlassPart& part = drop.part[static_cast<std::size_t>(i)];
    part.radius_mm =
        static_cast<float>(static_cast<double>(part.spread) *
                           radius_mm(volume * static_cast<double>(part.share), part.tag));
  }
}

/// Small parts, those beyond kLasting, and all of a sliding drop, give their share to the largest
/// one.
void GlassShape::take_in(GlassWater& drop, int main) {
  GlassPart* const first = drop.part.data();
  GlassPart& large = first[main];
  for (int i = 0; i < drop.parts; ++i) {
    GlassPart& part = first[i];
    if (i == main) continue;
    if (!drop.sliding && part.share >= kTakenIn * large.share && rank_of(drop, i) < kLasting) {
      continue;
    }
    const bool gone = part.share < kVanished * large.share;
    const float given = gone ? part.share : part.share * static_cast<float>(kRates.fade);
    large.share += given;
    part.share -= given;
  }
  GlassPart* const end =
      std::remove_if(first, first + drop.parts, [](const GlassPart& p) { return p.share <= 0; });
  drop.parts = static_cast<std::int8_t>(end - first);
}

/// Where parts rest. Small ones sit on the rim of the largest.
void GlassShape::place(GlassWater& drop, int main) {
  GlassPart& large = drop.part[static_cast<std::size_t>(main)];
  if (drop.sliding) {
    large.rest_x = toward(large.rest_x, 0, kRates.straighten);
    large.rest_y = toward(large.rest_y, 0, kRates.straighten);
  }
  for (int i = 0; i < drop.parts; ++i) {
    GlassPart& part = drop.part[static_cast<std::size_t>(i)];
    if (i == main) continue;
    if (part.radius_mm >= 0.5F * large.radius_mm) {
      if (!drop.sliding) continue;
      part.rest_x = toward(part.rest_x, 0, kRates.straighten);
      part.rest_y = toward(part.rest_y, 0, kRates.straighten);
      continue;
    }
    // In the frame where the large one is round.
    const double stretch = std::sqrt(static_cast<double>(large.stretch));
    const double dx = (static_cast<double>(part.x) - large.x) * stretch;
    const double dy = (static_cast<double>(part.y) - large.y) / stretch;
    const double d = std::sqrt(dx * dx + dy * dy);
    const double rim = static_cast<double>(large.radius_mm) * kGlassUnitsPerMm;
    const double x = d > 0 ? dx / d * rim / stretch : 0;
    const double y = d > 0 ? dy / d * rim * stretch : -rim * stretch;
    part.rest_x = static_cast<std::int32_t>(std::llround(large.rest_x + x));
    part.rest_y = static_cast<std::int32_t>(std::llround(large.rest_y + y));
  }
}

void GlassShape::relax(GlassWater& drop) const {
  const int before = main_part(drop);
  take_in(drop, before);
  const int main = main_part(drop);
  place(drop, main);
  const auto hang = static_cast<float>(1 + 0.5 * stretch_ * std::min(1.0, std::abs(drop.ratio)));
  const double drawn = std::min(1.0, std::abs(drop.speed_mm_s) / kTailSpeedMmS);
  for (int i = 0; i < drop.parts; ++i) {
    GlassPart& part = drop.part[static_cast<std::size_t>(i)];
    part.x = toward(part.x, static_cast<double>(drop.x) + part.rest_x, kRates.rest);
    part.y = toward(part.y, static_cast<double>(drop.y) + part.rest_y, kRates.rest);
    const auto look = static_cast<float>(kRates.look);
    const float tail = i == main ? static_cast<float>(drawn) : 0.0F;
    part.spread += (1 - part.spread) * static_cast<float>(kRates.spread);
    const float wide = part.radius_mm / kWidestMm;
    const float stretch = std::max(part.own_stretch * hang * (1 + 0.3F * part.tail), wide * wide);
    part.stretch += (stretch - part.stretch) * look;
    part.tail += (tail - part.tail) * look;
  }
  refresh(drop);
  drop.calm = drop.sliding ? kCalmSteps : static_cast<std::int16_t>(std::max(0, drop.calm - 1));
}

void GlassShape::join(GlassWater& a, const GlassWater& b) {
  PLUVIA_CHECK(a.parts + b.parts <= GlassWater::kMostParts, int{a.parts}, " and ", int{b.parts});
  const double of_b =
      static_cast<double>(b.volume_um3) / static_cast<double>(a.volume_um3 + b.volume_um3);
  a.volume_um3 += b.volume_um3;
  a.x = toward(a.x, b.x, of_b);
  a.y = toward(a.y, b.y, of_b);
  a.speed_mm_s += (b.speed_mm_s - a.speed_mm_s) * of_b;
  std::array<GlassPart, GlassWater::kMostParts> all;
  int count = 0;
  for (int i = 0; i < a.parts; ++i) {
    all[static_cast<std::size_t>(count)] = a.part[static_cast<std::size_t>(i)];
    all[static_cast<std::size_t>(count++)].share *= static_cast<float>(1 - of_b);
  }
  for (int i = 0; i < b.parts; ++i) {
    all[static_cast<std::size_t>(count)] = b.part[static_cast<std::size_t>(i)];
    all[static_cast<std::size_t>(count++)].share *= static_cast<float>(of_b);
  }
  std::stable_sort(all.begin(), all.begin() + count,
                   [](const GlassPart& p, const GlassPart& q) { return p.share > q.share; });
  for (int i = 0; i < count; ++i) {
    GlassPart& part = all[static_cast<std::size_t>(i)];
    part.rest_x = toward(0, static_cast<double>(part.x) - a.x, kTogether);
    part.rest_y = toward(0, static_cast<double>(part.y) - a.y, kTogether);
    a.part[static_cast<std::size_t>(i)] = part;
  }
  a.parts = static_cast<std::int8_t>(count);
  a.calm = kCalmSteps;
}

}  // namespace pluvia::synth
