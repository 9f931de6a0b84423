// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_simulation.h"

#include <algorithm>
#include <cmath>

#include "core/exact_math.h"

namespace pluvia::synth {
namespace {

constexpr double kStepS = 1.0 / kGlassStepsPerS;
constexpr double kFinestMm = 0.06;  ///< radius: finer drops are not followed
constexpr double kDryMm = 0.02;     ///< what is left then is gone
constexpr int kDrySteps = 12;
constexpr double kMostPerStep = 60;
constexpr double kSplashFromMm = 1.3;  ///< diameter
constexpr double kGrownFromMm = 0.6;
constexpr double kMostSpeedMmS = 300;
constexpr double kTriedFrom = 0.6;  ///< ratio from which a held drop may come loose

// Draws by purpose: of a drop at its birth, of a drop again and again (8 per draw), of a step's
// arrivals (16 each), of the droplets around an impact (8 each),
// of the parts that a large drop starts with (8 each).
enum Purpose : std::uint32_t {
  kX = 0x61A50001,
  kY,
  kSize,
  kStretch,
  kWait,
  kAgain = 0x61A60000,
  kArrivals = 0x61B60000,
  kSplash = 0x61C60000,
  kHistory = 0x61C70000,
};

double power(double base, double exponent) { return exact::exp(exponent * exact::log(base)); }

/// Radii between low and high that follow r^-exponent.
double draw_radius(double low, double high, double exponent, double uniform) {
  const double p = 1 - exponent;
  if (std::abs(p) < 1e-6) return low * power(high / low, uniform);
  const double from = power(low, p);
  return power(from + (power(high, p) - from) * uniform, 1 / p);
}

int poisson(double mean, double uniform) {
  double term = exact::exp(-mean);
  double sum = term;
  int count = 0;
  while (uniform > sum && count < 4 * kMostPerStep) {
    term *= mean / ++count;
    sum += term;
  }
  return count;
}

std::int32_t units(double mm) {
  return static_cast<std::int32_t>(std::llround(mm * kGlassUnitsPerMm));
}

}  // namespace

GlassSimulation::GlassSimulation(const GlassField& field, PaneSize pane, std::uint64_t seed,
                                 std::uint32_t clip, std::uint32_t life)
    : field_(field),
      pane_(pane),
      seed_(seed),
      clip_(clip),
      life_(life),
      shape_(field.law.contact_deg, field.stretch),
      forces_(field.law),
      rain_({field.rate_mm_h, field.gamma_mu, field.law.tilt_deg, field.law.speed_m_s},
            // Diameter of the drop that makes the finest foot.
            kFinestMm * cube_root(6 / kPi * cap_volume_factor(field.law.contact_deg))),
      margin_mm_(1.5 * field.most_mm + 1),
      arrivals_per_step_(std::min(kMostPerStep, rain_.per_m2_s() * field.arrival_gain * 1e-6 *
                                                    side_mm(pane.width_mm) *
                                                    side_mm(pane.height_mm) * kStepS)),
      merger_(margin_mm_, pane.width_mm, pane.height_mm) {}

GlassWater GlassSimulation::new_drop(GlassState& state, double x_mm, double y_mm,
                                     std::int64_t volume) const {
  GlassWater drop;
  drop.id = state.next_id++;
  drop.x = units(x_mm);
  drop.y = units(y_mm);
  drop.volume_um3 = volume;
  drop.calm = 72;
  GlassPart& part = drop.part[0];
  part.x = drop.x;
  part.y = drop.y;
  part.tag = drop.id;
  const Random random = of_drop(drop.id);
  part.own_stretch = part.stretch = static_cast<float>(random.uniform(kStretch, 0.95, 1.2));
  weigh(drop);
  draw_hold(drop);
  drop.next_try = static_cast<std::int32_t>(static_cast<double>(state.step) +
                                            random.uniform(kWait, 0.1, 1) * kGlassStepsPerS);
  shape_.refresh(drop);
  return drop;
}

GlassState GlassSimulation::first() const {
  GlassState state;
  state.step = -kGlassStepsBefore;
  const double spread =
      side_mm(pane_.width_mm) * side_mm(pane_.height_mm) / (pane_.width_mm * pane_.height_mm);
  const double most = kMostGlassDrops / (1 + field_.fine_drops);
  const auto large = static_cast<int>(std::min(most, field_.drops * spread) + 0.5);
  const auto all = static_cast<int>(large * (1 + field_.fine_drops));
  for (int i = 0; i < all; ++i) {
    const Random random = of_drop(state.next_id);
    const double uniform = random.uniform(kSize);
    const double radius =
        i < large
            ? draw_radius(field_.least_mm, field_.most_mm, field_.size_power, uniform)
            : draw_radius(std::min(kFinestMm, field_.least_mm), field_.least_mm, 1.5, uniform);
    const double x = random.uniform(kX, -margin_mm_, pane_.width_mm + margin_mm_);
    const double y = random.uniform(kY, -margin_mm_, pane_.height_mm + margin_mm_);
    const std::int64_t volume = shape_.volume_um3(radius, state.next_id);
    state.water.arrived += volume;
    state.drops.push_back(new_drop(state, x, y, volume));
    if (radius > kGrownFromMm) add_history(state, state.drops.back());
  }
  return state;
}

/// Large drops have grown by what fell on them and ran into them, mostly from above: their foot is
/// not round.
void GlassSimulation::add_history(GlassState& state, GlassWater& drop) const {
  const Random random = of_drop(drop.id);
  const std::uint32_t more = random.below(kHistory, 4);
  GlassPart& first = drop.part[0];
  for (std::uint32_t k = 1; k <= more; ++k) {
    const std::uint32_t at = kHistory + 8 * k;
    GlassPart part = first;
    part.tag = state.next_id++;
    part.share = static_cast<float>(random.uniform(at, 0.06, 0.28)) * first.share;
    first.share -= part.share;
    const double foot = shape_.foot_mm(drop);
    const double aside = random.uniform(at + 1, -0.9, 0.9);
    const double along = std::sqrt(1 - aside * aside) * (random.uniform(at + 2) < 0.7 ? -1 : 1);
    const double away = foot * random.uniform(at + 3, 0.55, 1.0);
    part.rest_x = units(aside * away);
    part.rest_y = units(along * away * 1.15);
    part.x = drop.x + part.rest_x;
    part.y = drop.y + part.rest_y;
    drop.part[k] = part;
    drop.parts = static_cast<std::int8_t>(k + 1);
  }
  shape_.refresh(drop);
}

/// Drops of the rain that land within this step.
void GlassSimulation::arrive(GlassState& state) const {
  if (!(arrivals_per_step_ > 0)) return;
  const Random random = of_drop(static_cast<std::uint32_t>(state.step + kGlassStepsBefore));
  const int count = poisson(arrivals_per_step_, random.uniform(kArrivals));
  for (int i = 0; i < count && state.drops.size() < kMostGlassDrops; ++i) {
    const std::uint32_t at = kArrivals + 16 * static_cast<std::uint32_t>(i);
    const double diameter = rain_.draw_mm(random.uniform(at + 1));
    const double x = random.uniform(at + 2, -margin_mm_, pane_.width_mm + margin_mm_);
    const double y = random.uniform(at + 3, -margin_mm_, pane_.height_mm + margin_mm_);
    const std::int64_t volume = std::llround(kPi / 6 * diameter * diameter * diameter * 1e9);
    state.water.arrived += volume;
    state.drops.push_back(new_drop(state, x, y, volume));
    state.drops.back().part[0].spread = 0.5F;
    if (diameter > kSplashFromMm) splash(state);
    shape_.refresh(state.drops.back());
  }
}

/// A few droplets around a large drop that has just landed, of its water.
void GlassSimulation::splash(GlassState& state) const {
  const std::size_t parent = state.drops.size() - 1;
  const double foot = shape_.foot_mm(state.drops[parent]);
  const Random random = of_drop(state.drops[parent].id);
  const std::uint32_t count = 2 + random.below(kSplash, 5);
  for (std::uint32_t k = 1; k <= count; ++k) {
    const std::uint32_t at = kSplash + 8 * k;
    const double radius = foot * random.uniform(at, 0.05, 0.16);
    if (radius < kFinestMm) continue;
    const exact::SinCos side = exact::sin_cos_turns(random.uniform(at + 1));
    const double away = foot * random.uniform(at + 2, 1.5, 2.8);
    const std::int64_t volume = shape_.volume_um3(radius, state.next_id);
    GlassWater& whole = state.drops[parent];
    const double x = whole.x / kGlassUnitsPerMm + away * side.cos;
    const double y = whole.y / kGlassUnitsPerMm + away * side.sin;
    whole.volume_um3 -= volume;
    state.drops.push_back(new_drop(state, x, y, volume));
    state.drops.back().part[0].spread = 0.5F;
    shape_.refresh(state.drops.back());
  }
  weigh(state.drops[parent]);
  shape_.refresh(state.drops[parent]);
}

void GlassSimulation::weigh(GlassWater& drop) const {
  drop.ratio = field_.slide_mm_s > 0 ? forces_.ratio(shape_.foot_mm(drop)) : 0;
}

void GlassSimulation::draw_hold(GlassWater& drop) const {
  const Random random = of_drop(drop.id);
  const std::uint32_t at = kAgain + 8 * ++drop.draws;
  drop.hold = random.uniform(at, 0.75, 1.35);
  drop.run_mm = shape_.foot_mm(drop) * random.uniform(at + 1, 0.8, 3);
  drop.sway = static_cast<float>(random.uniform(at + 2, -0.3, 0.3));
}

/// Starts, speeds up, slows down or stops.
void GlassSimulation::drive(GlassWater& drop, std::int64_t step) const {
  const double pull = std::abs(drop.ratio);
  if (!drop.sliding) {
    if (pull < kTriedFrom || step < drop.next_try) return;
    draw_hold(drop);
    const Random random = of_drop(drop.id);
    const std::uint32_t at = kAgain + 8 * drop.draws;
    drop.next_try = static_cast<std::int32_t>(
        step + std::llround(random.uniform(at + 3, 0.3, 1.6) * kGlassStepsPerS));
    if (pull <= drop.hold) return;
    drop.sliding = true;
    drop.bead_mm = 2.2 * shape_.foot_mm(drop);
  }
  double wanted = 0;
  if (pull > drop.hold) {
    wanted = std::min(kMostSpeedMmS, field_.slide_mm_s * (0.3 + pull / drop.hold - 1));
    if (drop.ratio < 0) wanted = -wanted;
  }
  drop.speed_mm_s += (wanted - drop.speed_mm_s) * (kStepS / 0.07);
  drop.heading += (drop.sway - drop.heading) * static_cast<float>(kStepS / 0.12);
  if (wanted == 0 && std::abs(drop.speed_mm_s) < 0.5) {
    drop.speed_mm_s = 0;
    drop.sliding = false;
    drop.next_try = static_cast<std::int32_t>(step + kGlassStepsPerS / 3);
  }
}

void GlassSimulation::move(GlassState& state, std::size_t index) const {
  GlassWater& drop = state.drops[index];
  const double down = drop.speed_mm_s * kStepS;
  const std::int32_t dx = units(down * static_cast<double>(drop.heading));
  const std::int32_t dy = units(down);
  drop.x += dx;
  drop.y += dy;
  for (int i = 0; i < drop.parts; ++i) {
    drop.part[static_cast<std::size_t>(i)].x += dx;
    drop.part[static_cast<std::size_t>(i)].y += dy;
  }
  drop.run_mm -= std::abs(down);
  drop.bead_mm -= std::abs(down);
  if (drop.run_mm < 0) draw_hold(drop);
  if (field_.trails && drop.bead_mm < 0) leave_bead(state, index);
}

/// What the film behind a sliding drop breaks into.
void GlassSimulation::leave_bead(GlassState& state, std::size_t index) const {
  GlassWater& drop = state.drops[index];
  const Random random = of_drop(drop.id);
  const std::uint32_t at = kAgain + 8 * ++drop.draws;
  const double foot = shape_.foot_mm(drop);
  const double small = random.uniform(at);
  const double radius = foot * (0.05 + 0.21 * small * small);
  drop.bead_mm = radius * random.uniform(at + 1, 1.5, 4.5) + 0.04 * foot;
  if (radius < kFinestMm || state.drops.size() >= kMostGlassDrops) return;
  const double behind = (drop.speed_mm_s > 0 ? -1 : 1) * (1.75 * foot + radius);
  const double x = drop.x / kGlassUnitsPerMm + behind * static_cast<double>(drop.heading) +
                   foot * random.uniform(at + 2, -0.45, 0.45);
  const double y = drop.y / kGlassUnitsPerMm + behind;
  const std::int64_t volume = shape_.volume_um3(radius, state.next_id);
  drop.volume_um3 -= volume;
  weigh(drop);
  GlassWater bead = new_drop(state, x, y, volume);
  bead.part[0].spread = 0.3F;
  bead.part[0].own_stretch = bead.part[0].stretch =
      static_cast<float>(random.uniform(at + 3, 1.0, 1.8));
  shape_.refresh(bead);
  state.drops.push_back(bead);
}

void GlassSimulation::dry(GlassState& state) const {
  const double factor = cap_volume_factor(field_.law.contact_deg);
  const double per_radius_um2 = 1.5 * factor * 1e6 / field_.dry_s * kDrySteps * kStepS;
  for (GlassWater& drop : state.drops) {
    const double foot_mm = shape_.foot_mm(drop);
    const std::int64_t lost = std::llround(per_radius_um2 * foot_mm * 1e3);
    const std::int64_t gone = foot_mm < kDryMm ? drop.volume_um3 : std::min(drop.volume_um3, lost);
    drop.volume_um3 -= gone;
    state.water.dried += gone;
    if (drop.volume_um3 == 0) continue;
    weigh(drop);
    shape_.refresh(drop);
  }
}

/// Swallowed and dried drops go, and those that have left the pane.
void GlassSimulation::clear(GlassState& state) const {
  const auto beyond = [this](std::int32_t at, double length_mm) {
    const double mm = at / kGlassUnitsPerMm;
    return mm < -2 * margin_mm_ || mm > length_mm + 2 * margin_mm_;
  };
  const auto gone = [&](const GlassWater& drop) {
    if (drop.volume_um3 == 0) return true;
    if (!beyond(drop.x, pane_.width_mm) && !beyond(drop.y, pane_.height_mm)) return false;
    state.water.left += drop.volume_um3;
    return true;
  };
  std::erase_if(state.drops, gone);
}

void GlassSimulation::advance(GlassState& state) {
  const std::size_t before = state.drops.size();
  for (std::size_t i = 0; i < before; ++i) {
    if (state.drops[i].sliding) move(state, i);
    drive(state.drops[i], state.step);
  }
  arrive(state);
  for (GlassWater& drop : state.drops) {
    if (drop.active()) shape_.relax(drop);
  }
  merger_.merge(state.drops, joined_);
  for (const std::uint32_t i : joined_) weigh(state.drops[i]);
  if (state.step % kDrySteps == 0) dry(state);
  clear(state);
  ++state.step;
}

}  // namespace pluvia::synth
