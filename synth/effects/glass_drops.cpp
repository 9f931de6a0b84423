// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_drops.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <mutex>

#include "core/exact_math.h"

namespace pluvia::synth {
namespace {

constexpr double kLifeS = 120;
constexpr double kMostTimeS = 1e9;
constexpr std::size_t kMostRuns = 3;  ///< panes and lives kept at once
constexpr double kLongestPaneMm = 50000;
constexpr double kLeastPaneMm = 0.01;
constexpr std::size_t kManyDrops = 1000;

// The look of a part, of the particle that its tag names.
constexpr std::uint32_t kOutline = 0x61A40000;

/// One life of one pane, with what has been simulated of it.
class Run {
 public:
  Run(GlassSimulation simulation) : simulation_(std::move(simulation)) {}

  const GlassSimulation& simulation() const { return simulation_; }

  /// The state after `step` steps of the clip; the reference holds until the next call.
  const GlassState& at(std::int64_t step) {
    const auto after = checkpoints_.upper_bound(step);
    const bool kept = after != checkpoints_.begin();
    const bool behind = now_.step > step || !begun_;
    if (behind || (kept && std::prev(after)->first > now_.step)) {
      now_ = kept ? std::prev(after)->second : simulation_.first();
      begun_ = true;
    }
    while (now_.step < step) {
      simulation_.advance(now_);
      if (now_.step >= 0 && now_.step % spacing() == 0) checkpoints_.try_emplace(now_.step, now_);
    }
    return now_;
  }

 private:
  /// Large states are kept more rarely.
  std::int64_t spacing() const {
    return now_.drops.size() > kManyDrops ? 4 * kGlassStepsPerS : kGlassStepsPerS;
  }

  GlassSimulation simulation_;
  GlassState now_;
  bool begun_ = false;
  std::map<std::int64_t, GlassState> checkpoints_;
};

/// From the pane to the picture.
class View {
 public:
  View(const GlassShape& shape, const Camera& camera, double px_per_mm, Random look)
      : shape_(shape),
        look_(look),
        px_per_mm_(px_per_mm),
        width_(camera.width),
        height_(camera.height) {}

  /// `ahead_s` after the state was made.
  void add(const GlassWater& drop, PaneSize pane, double ahead_s, GlassDrops& out) const {
    const std::size_t before = out.lobes.size();
    const double down_mm = drop.speed_mm_s * ahead_s;
    const double side_mm = down_mm * static_cast<double>(drop.heading);
    for (int i = 0; i < drop.parts; ++i) {
      const GlassPart& part = drop.part[static_cast<std::size_t>(i)];
      const double x = part.x / kGlassUnitsPerMm + side_mm - 0.5 * pane.width_mm;
      const double y = part.y / kGlassUnitsPerMm + down_mm - 0.5 * pane.height_mm;
      const Lobe lobe = lobe_of(part, 0.5 * width_ + x * px_per_mm_, 0.5 * height_ + y * px_per_mm_,
                                drop.ratio < 0 ? -1.0F : 1.0F);
      push(lobe, out.lobes);
      if (part.tail > 0.02F) add_tail(lobe, part, drop, out.lobes);
    }
    if (out.lobes.size() > before) ++out.count;
  }

 private:
  Lobe lobe_of(const GlassPart& part, double x, double y, float up) const {
    Lobe lobe;
    lobe.x = static_cast<float>(x);
    lobe.y = static_cast<float>(y);
    // An ellipse of the same area.
    const double stretch = static_cast<double>(part.stretch);
    const double radius = static_cast<double>(part.radius_mm);
    lobe.radius_px = static_cast<float>(radius * px_per_mm_ / std::sqrt(stretch));
    lobe.stretch = part.stretch;
    Random look = look_;
    look.particle = part.tag;
    // The edge of a small drop is round; that of one on the move is drawn smooth.
    const double wild =
        0.15 * std::min(1.0, radius / 0.8) * (1 - 0.7 * static_cast<double>(part.tail));
    for (std::uint32_t k = 0; k < 6; ++k) {
      const double order = 1 + static_cast<double>(k / 2);
      lobe.outline[k] = static_cast<float>(wild / order * look.uniform(kOutline + k, -1, 1));
    }
    lobe.outline[3] += 0.05F * part.tail * up;
    lobe.sin_contact = shape_.sin_contact(part.tag);
    lobe.cos_contact = shape_.cos_contact(part.tag);
    return lobe;
  }

  /// Two smaller caps that grow out of the rear of a sliding drop.
  void add_tail(const Lobe& head, const GlassPart& part, const GlassWater& drop,
                std::vector<Lobe>& out) const {
    const float up = drop.ratio < 0 ? 1.0F : -1.0F;
    const float reach = head.radius_px * head.stretch;
    for (const auto& [size, away] : {std::pair{0.62F, 0.8F}, {0.36F, 1.35F}}) {
      Lobe lobe = head;
      for (float& term : lobe.outline) term *= 0.5F;
      lobe.radius_px = head.radius_px * size * part.tail;
      // At first inside of the rim, then further out.
      const float from = reach - 0.6F * lobe.radius_px;
      const float at = from + (away * reach - from) * part.tail;
      lobe.y = head.y + up * at;
      lobe.x = head.x + up * at * drop.heading;
      push(lobe, out);
    }
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

  const GlassShape& shape_;
  Random look_;
  double px_per_mm_;
  int width_;
  int height_;
};

}  // namespace

class GlassPane::Store {
 public:
  Store(const GlassField& field, const RainKey& key) : field_(field), key_(key) {}

  GlassDrops at(const Camera& camera, double time_s) {
    GlassDrops out;
    if (field_.drops <= 0) return out;
    const double px_per_mm = 1e-3 * camera.focal_px / field_.distance_m;
    const auto length = [&](int pixels) {
      return std::clamp(pixels / px_per_mm, kLeastPaneMm, kLongestPaneMm);
    };
    const PaneSize pane{length(camera.width), length(camera.height)};
    // Written so that NaN is the start as well.
    const double t = time_s > 0 ? std::min(time_s, kMostTimeS) : 0;
    const double life = std::floor(t / kLifeS);
    const double steps = (t - life * kLifeS) * kGlassStepsPerS;
    const double step = std::floor(steps + 1e-6);
    const double ahead_s = std::max(0.0, steps - step) / kGlassStepsPerS;
    const std::lock_guard lock(mutex_);
    Run& run = find(pane, static_cast<std::uint32_t>(life));
    const GlassState& state = run.at(static_cast<std::int64_t>(step));
    const View view(run.simulation().shape(), camera, px_per_mm,
                    {key_.seed, key_.clip, static_cast<std::uint32_t>(life), 0});
    for (const GlassWater& drop : state.drops) view.add(drop, pane, ahead_s, out);
    return out;
  }

 private:
  struct Kept {
    std::int64_t width_um;
    std::int64_t height_um;
    std::uint32_t life;
    Run run;
  };

  /// The most recent ones come first.
  Run& find(PaneSize pane, std::uint32_t life) {
    const std::int64_t width_um = std::llround(pane.width_mm * 1e3);
    const std::int64_t height_um = std::llround(pane.height_mm * 1e3);
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Kept& k) {
      return k.width_um == width_um && k.height_um == height_um && k.life == life;
    });
    if (found != runs_.end()) {
      runs_.splice(runs_.begin(), runs_, found);
    } else {
      const PaneSize rounded{static_cast<double>(width_um) * 1e-3,
                             static_cast<double>(height_um) * 1e-3};
      runs_.push_front({width_um, height_um, life,
                        Run(GlassSimulation(field_, rounded, key_.seed, key_.clip, life))});
      if (runs_.size() > kMostRuns) runs_.pop_back();
    }
    return runs_.front().run;
  }

  GlassField field_;
  RainKey key_;
  std::mutex mutex_;
  std::list<Kept> runs_;
};

GlassPane::GlassPane(const GlassField& field, const RainKey& key)
    : store_(std::make_shared<Store>(field, key)) {}

GlassDrops GlassPane::at(const Camera& camera, double time_s) const {
  return store_->at(camera, time_s);
}

}  // namespace pluvia::synth
