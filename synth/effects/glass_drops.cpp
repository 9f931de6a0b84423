// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_drops.h"

#include <algorithm>
#include <cmath>

#include "core/exact_math.h"
#include "core/rng.h"

namespace pluvia::synth {
namespace {

constexpr double kSpreadS = 0.1;
constexpr double kDryShare = 0.12;  ///< of a life, at its end
constexpr double kRunShare = 0.4;   ///< of the critical radius: wider drops may be swept off
constexpr double kRunS = 0.9;       ///< how long that takes
constexpr int kMostLobes = 5;
constexpr double kBeadSpacing = 1.1;  ///< of the radius of the drop that left them

// Draws by purpose; a place is the particle, its generation the frame.
enum Purpose : std::uint32_t {
  kPeriod = 0x61A50001,
  kX,
  kY,
  kSize,
  kContact,
  kStretch,
  kWait,
  kPace,
  kWeave,
  kLobeCount,
  kOutline,
  kLobe = 0x61A50100,
  kBead = 0x61A50200,
};

double smooth(double t) {
  const double s = std::clamp(t, 0.0, 1.0);
  return s * s * (3 - 2 * s);
}

/// One life of one place.
struct Life {
  Random random;
  double age_s = 0;
  double span_s = 1;
  double radius_px = 1;
  double x = 0;
  double y = 0;  ///< where it landed
};

class Pane {
 public:
  Pane(const GlassField& field, const Camera& camera)
      : field_(field),
        px_per_mm_(1e-3 * camera.focal_px / field.distance_m),
        height_(camera.height),
        width_(camera.width) {}

  void add(const Random& place, double time_s, GlassDrops& out) const {
    const Life life = life_at(place, time_s);
    const double fallen = slid_px(life, life.age_s);
    const double size = size_at(life);
    const std::size_t before = out.lobes.size();
    if (size > 0) add_drop(life, fallen, size, out);
    if (field_.trails && fallen > 0) add_beads(life, fallen, out);
    if (out.lobes.size() > before) ++out.count;
  }

 private:
  double margin() const { return 1.5 * field_.most_mm * px_per_mm_; }

  Life life_at(Random random, double time_s) const {
    random.frame = 0;
    const double period = field_.life_s * random.uniform(kPeriod, 0.6, 1.6);
    const double turns = time_s / period + random.uniform(kPeriod + 0x1000);
    const double generation = std::floor(turns);
    random.frame = static_cast<std::uint32_t>(static_cast<std::int64_t>(generation) + 1);
    Life life{random, (turns - generation) * period, period, 1, 0, 0};
    life.x = random.uniform(kX, -margin(), width_ + margin());
    life.y = random.uniform(kY, -margin(), height_ + margin());
    // Inverse of the distribution r^-power between the two radii.
    const double p = 1 - field_.size_power;
    const double low = power(field_.least_mm, p);
    const double high = power(field_.most_mm, p);
    const double mm = std::abs(p) < 1e-6 ? field_.least_mm * power(field_.most_mm / field_.least_mm,
                                                                   random.uniform(kSize))
                                         : power(low + (high - low) * random.uniform(kSize), 1 / p);
    life.radius_px = mm * px_per_mm_;
    return life;
  }

  static double power(double base, double exponent) {
    return exact::exp(exponent * exact::log(base));
  }

  bool slides(const Life& life) const {
    return field_.slide_mm > 0 && life.radius_px > field_.slide_mm * px_per_mm_;
  }

  /// Spread on arrival, slow growth, drying at the end; 0: not there.
  double size_at(const Life& life) const {
    const double arrive = 0.55 + 0.45 * smooth(life.age_s / kSpreadS);
    const double feed = 0.85 + 0.15 * smooth(life.age_s / life.span_s / 0.8);
    if (swept(life)) return life.radius_px * arrive * feed;
    const double left = (life.span_s - life.age_s) / (kDryShare * life.span_s);
    return life.radius_px * arrive * feed * std::sqrt(smooth(left));
  }

  /// Whether its life ends by running off the pane, fed by a new drop, and not by drying.
  bool swept(const Life& life) const {
    return field_.slide_mm > 0 && life.radius_px > kRunShare * field_.slide_mm * px_per_mm_ &&
           life.random.uniform(kWait + 0x2000) < 0.75;
  }

  /// How far it has slid: stick and slip, a run at the end of its life, never backward.
  double slid_px(const Life& life, double age_s) const {
    double fallen = 0;
    if (slides(life)) {
      const double since = age_s - life.random.uniform(kWait, 0.05, 0.5) * life.span_s;
      const double pace = field_.slide_mm_s * px_per_mm_ * life.random.uniform(kPace, 0.4, 1.6);
      const double slip_s = life.random.uniform(kPace + 0x1000, 0.4, 1.1);
      const double turns = std::max(0.0, since / slip_s);
      const double wave = exact::sin_cos_turns(turns).sin / exact::detail::kTwoPi;
      fallen = pace * slip_s * (turns - 0.95 * wave);
    }
    if (swept(life)) {
      const double run = std::max(0.0, 1 - (life.span_s - age_s) / std::min(kRunS, life.span_s));
      fallen += run * run * (height_ + 3 * margin() - life.y);
    }
    return fallen;
  }

  double weave_px(const Life& life, double fallen) const {
    const double wavelength = life.radius_px * life.random.uniform(kWeave, 7, 15);
    const double phase = life.random.uniform(kWeave + 0x1000);
    const double sway =
        exact::sin_cos_turns(fallen / wavelength + phase).sin - exact::sin_cos_turns(phase).sin;
    return 0.5 * life.radius_px * sway;
  }

  Lobe make_lobe(const Life& life, double x, double y, double radius, std::uint32_t salt) const {
    Lobe lobe;
    lobe.x = static_cast<float>(x);
    lobe.y = static_cast<float>(y);
    lobe.radius_px = static_cast<float>(radius);
    const double wild = std::min(1.0, radius / (1.2 * px_per_mm_));
    for (std::uint32_t k = 0; k < 6; ++k) {
      const double order = 1 + static_cast<double>(k / 2);
      lobe.outline[k] = static_cast<float>(
          0.13 * wild / order * life.random.uniform(kOutline + 0x100 * (k + 1) + salt, -1, 1));
    }
    const double degrees = field_.contact_deg * life.random.uniform(kContact, 0.75, 1.2);
    const exact::SinCos contact = exact::sin_cos_turns(std::min(degrees, 89.0) / 360);
    lobe.sin_contact = static_cast<float>(contact.sin);
    lobe.cos_contact = static_cast<float>(contact.cos);
    return lobe;
  }

  void push(const Lobe& lobe, std::vector<Lobe>& out) const {
    const float reach = lobe.radius_px * lobe.stretch * 1.6F;
    if (lobe.radius_px < 0.2F || lobe.x < -reach || lobe.y < -reach ||
        lobe.x > static_cast<float>(width_) + reach ||
        lobe.y > static_cast<float>(height_) + reach) {
      return;
    }
    out.push_back(lobe);
  }

  /// The main cap and, for larger drops, what has run into it: smaller caps around, mostly above.
  void add_drop(const Life& life, double fallen, double size, GlassDrops& out) const {
    const Random& random = life.random;
    const double x = life.x + weave_px(life, fallen);
    const double y = life.y + fallen;
    const double relative = life.radius_px / (field_.most_mm * px_per_mm_);
    Lobe main = make_lobe(life, x, y, size, 0);
    main.stretch =
        static_cast<float>(1 + field_.stretch * random.uniform(kStretch) * std::sqrt(relative));
    push(main, out.lobes);
    const double wish = relative * (kMostLobes + 1) * random.uniform(kLobeCount, 0.2, 1.3);
    const int more = std::min(kMostLobes, static_cast<int>(wish));
    for (int k = 0; k < more; ++k) {
      const std::uint32_t at = kLobe + 0x10 * static_cast<std::uint32_t>(k);
      const exact::SinCos side = exact::sin_cos_turns(random.uniform(at));
      const double away = size * random.uniform(at + 1, 0.6, 1.25);
      const double radius = size * random.uniform(at + 2, 0.3, 0.75);
      const double rise = 1 + 0.9 * random.uniform(at + 3) * (side.sin < 0 ? 1 : 0.2);
      push(make_lobe(life, x + away * side.cos, y + away * side.sin * rise, radius,
                     static_cast<std::uint32_t>(k) + 1),
           out.lobes);
    }
  }

  /// The film behind a sliding drop breaks into beads; each shrinks from when it was left.
  void add_beads(const Life& life, double fallen, GlassDrops& out) const {
    const double spacing = std::max(1.0, kBeadSpacing * life.radius_px);
    const int last = static_cast<int>(std::min(400.0, fallen / spacing));
    for (int k = 0; k < last; ++k) {
      const std::uint32_t at = kBead + 0x10000U * static_cast<std::uint32_t>(k);
      const double down = (k + life.random.uniform(at, 0.1, 0.9)) * spacing;
      const double behind = fallen - down;
      if (behind < 0.8 * life.radius_px) continue;
      const double fresh = 1 - behind / (life.radius_px * 30);
      const double drying = std::min(1.0, (life.span_s - life.age_s) / (kDryShare * life.span_s));
      const double radius = life.radius_px * life.random.uniform(at + 1, 0.08, 0.32) *
                            std::sqrt(std::max(0.0, fresh));
      const double aside = 0.35 * life.radius_px * life.random.uniform(at + 2, -1, 1);
      Lobe bead = make_lobe(life, life.x + weave_px(life, down) + aside, life.y + down,
                            radius * std::sqrt(smooth(drying)), 7);
      bead.stretch = static_cast<float>(life.random.uniform(at + 3, 1.0, 1.7));
      push(bead, out.lobes);
    }
  }

  const GlassField& field_;
  double px_per_mm_;
  int height_;
  int width_;
};

}  // namespace

GlassDrops glass_drops(const GlassField& field, const RainKey& key, const Camera& camera,
                       double time_s) {
  GlassDrops out;
  const Pane pane(field, camera);
  for (int place = 0; place < field.drops; ++place) {
    pane.add({key.seed, key.clip, 0, static_cast<std::uint32_t>(place)}, time_s, out);
  }
  return out;
}

}  // namespace pluvia::synth
