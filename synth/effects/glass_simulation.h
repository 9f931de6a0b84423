// SPDX-License-Identifier: Apache-2.0
// Drops on a pane in the rain, step by step: they arrive, spread, flow together, dry, are held
// where they are or slide, leave beads behind, and run off the pane.
//
// - Arrival: Poisson, of drops of the rain (effects/glass_arrivals.h); large ones splash a few
//   droplets around. A drop spreads within 0.1 s.
// - Drops whose feet touch become one: volumes add, its centre is the centre of volume. Its outline
//   is made of up to ten caps, the parts; those of the two drops stay where they are at first and
//   then draw together within 0.15 s (effects/glass_shape.h).
// - A drop slides where Furmidge's balance (effects/glass_forces.h) tips. How well the pane holds
//   differs from place to place: a sliding drop draws it anew every one to three radii, a held one
//   about every second; so it sticks and slips.
// - What slides swallows what it meets, wanders, and leaves beads of 0.05 to 0.26 of its radius.
// - Drying: the square of the radius falls evenly in time.
//
// A fixed step of 1/120 s. Places are integers of 1/16 um and volumes of um^3, so that what touches
// what, and the sum of the water, are exact; drops are worked on in the order of their numbers. The
// state is a plain value: a copy is a checkpoint.
//
// Deviations: contact angles do not change as a drop dries; a drop wider than the capillary
// length is drawn long, but has a cap's volume; air that streams up the pane is the same
// everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "synth/effects/glass_arrivals.h"
#include "synth/effects/glass_forces.h"
#include "synth/effects/glass_merge.h"
#include "synth/effects/glass_shape.h"

namespace pluvia::synth {

struct GlassField {
  int drops = 0;             ///< seen when the simulation starts; 0: there is no pane
  double fine_drops = 4;     ///< and so many smaller ones for each
  double distance_m = 0.06;  ///< camera to pane
  double least_mm = 0.4;     ///< radius of the foot, at the start
  double most_mm = 2.5;
  double size_power = 1.6;  ///< how rare large ones are: radii follow r^-power
  double dry_s = 600;       ///< how long a foot of 1 mm takes to dry
  double slide_mm_s = 40;   ///< speed where the drive is 1.7 times the hold; 0: none slides
  bool trails = true;
  double stretch = 0.35;  ///< how much longer than wide drops hang, at most
  double arrival_gain = 1;
  GlassSurfaceLaw law;
  double rate_mm_h = 0;
  double gamma_mu = 0;
};

/// Steps per second, and how many come before the clip's start.
inline constexpr int kGlassStepsPerS = 120;
inline constexpr int kGlassStepsBefore = 240;
inline constexpr int kMostGlassDrops = 5000;

/// What has become of the water, um^3: what there is = arrived - dried - left.
struct WaterLedger {
  std::int64_t arrived = 0;  ///< the start's drops included
  std::int64_t dried = 0;
  std::int64_t left = 0;
};

struct GlassState {
  std::int64_t step = 0;
  std::uint32_t next_id = 0;
  WaterLedger water;
  std::vector<GlassWater> drops;  ///< by id
};

/// The part of a pane that is seen, in mm; drops live on a margin around it as well.
struct PaneSize {
  double width_mm = 0;
  double height_mm = 0;
};

class GlassSimulation {
 public:
  /// `life` numbers the times that the pane was wiped.
  GlassSimulation(const GlassField& field, PaneSize pane, std::uint64_t seed, std::uint32_t clip,
                  std::uint32_t life);

  /// The pane kGlassStepsBefore steps before the start.
  GlassState first() const;
  void advance(GlassState& state);

  const GlassShape& shape() const { return shape_; }
  double margin_mm() const { return margin_mm_; }
  double arrivals_per_step() const { return arrivals_per_step_; }

 private:
  Random of_drop(std::uint32_t id) const { return {seed_, clip_, life_, id}; }
  double side_mm(double length_mm) const { return length_mm + 2 * margin_mm_; }
  GlassWater new_drop(GlassState& state, double x_mm, double y_mm, std::int64_t volume) const;
  void add_history(GlassState& state, GlassWater& drop) const;
  void arrive(GlassState& state) const;
  void splash(GlassState& state) const;
  void weigh(GlassWater& drop) const;
  void draw_hold(GlassWater& drop) const;
  void drive(GlassWater& drop, std::int64_t step) const;
  void move(GlassState& state, std::size_t index) const;
  void leave_bead(GlassState& state, std::size_t index) const;
  void dry(GlassState& state) const;
  void clear(GlassState& state) const;

  GlassField field_;
  PaneSize pane_;
  std::uint64_t seed_;
  std::uint32_t clip_;
  std::uint32_t life_;
  GlassShape shape_;
  GlassForces forces_;
  GlassArrivals rain_;
  double margin_mm_;
  double arrivals_per_step_;
  GlassMerger merger_;
  std::vector<std::uint32_t> joined_;
};

}  // namespace pluvia::synth
