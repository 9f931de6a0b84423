// SPDX-License-Identifier: Apache-2.0
// The outline of a drop on a pane: up to ten caps, its parts, each with a share of the volume. A
// part's radius follows from its volume by the cap formula at its own contact angle.
//
// Where drops have just met, their parts are as they were. Then parts draw together; those much
// smaller than the largest one are taken in: they move to its rim and give it their share. In a
// drop that slides all are. Every change decays over 0.03 to 0.1 s, nothing jumps.
#pragma once

#include <array>
#include <cstdint>

namespace pluvia::synth {

/// Units of length on the pane: 1/16 um.
inline constexpr double kGlassUnitsPerMm = 16000;

struct GlassPart {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t rest_x = 0;  ///< where it draws to, from the drop's centre
  std::int32_t rest_y = 0;
  std::uint32_t tag = 0;  ///< what it looks like
  float share = 1;        ///< of the drop's volume
  float spread = 1;       ///< of its radius: below 1 just after the impact
  float radius_mm = 0;
  float own_stretch = 1;  ///< height over width by itself
  float stretch = 1;      ///< and as it hangs
  float tail = 0;         ///< 0 to 1: how far it is drawn out behind
};

struct GlassWater {
  static constexpr int kMostParts = 10;

  std::uint32_t id = 0;
  std::int32_t x = 0;  ///< centre of volume
  std::int32_t y = 0;
  std::int64_t volume_um3 = 0;
  double speed_mm_s = 0;  ///< down the pane
  double ratio = 0;       ///< drive over hold
  double hold = 1;        ///< how well the pane holds here
  double run_mm = 0;      ///< to go before the next draw of that
  double bead_mm = 0;     ///< to go before the next bead
  float heading = 0;      ///< sideways per down
  float sway = 0;         ///< what heading turns to
  std::uint32_t draws = 0;
  std::int32_t next_try = 0;  ///< step
  std::int16_t calm = 0;      ///< steps until it is at rest
  std::int8_t parts = 1;
  bool sliding = false;
  std::array<GlassPart, kMostParts> part;

  bool active() const { return sliding || calm > 0; }
};

class GlassShape {
 public:
  GlassShape(double contact_deg, double stretch);

  static constexpr int kKinds = 8;
  static int kind_of(std::uint32_t tag) { return static_cast<int>((tag * 0x9E3779B1U) >> 29); }

  float sin_contact(std::uint32_t tag) const { return sin_[kind_of(tag)]; }
  float cos_contact(std::uint32_t tag) const { return cos_[kind_of(tag)]; }
  std::int64_t volume_um3(double radius_mm, std::uint32_t tag) const;
  double radius_mm(double volume_um3, std::uint32_t tag) const;
  /// Foot of the whole drop as one cap at the resting angle.
  double foot_mm(const GlassWater& drop) const;

  /// Radii after a change of volume.
  void refresh(GlassWater& drop) const;
  /// One step of a drop that is not at rest.
  void relax(GlassWater& drop) const;
  /// `a` takes in `b`: volumes, centre, speed and parts, which must not be too many.
  static void join(GlassWater& a, const GlassWater& b);

 private:
  static void take_in(GlassWater& drop, int main);
  static void place(GlassWater& drop, int main);

  double factor_[kKinds];
  float sin_[kKinds];
  float cos_[kKinds];
  double resting_factor_;
  double stretch_;
};

/// The part with the largest share.
int main_part(const GlassWater& drop);

}  // namespace pluvia::synth
