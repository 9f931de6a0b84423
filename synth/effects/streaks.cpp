// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/streaks.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.h"
#include "core/exact_math.h"
#include "core/for_each.h"
#include "core/parallel.h"
#include "core/rng.h"

namespace pluvia::synth {
namespace {

constexpr int kClasses = 24;
constexpr int kDriftsPerClass = 6;
constexpr double kDropsPerCell = 6;
constexpr double kFarthestM = 150;
constexpr double kMostStreaks = 4e6;
// Draws by purpose (core/rng.h).
constexpr std::uint32_t kKeyDraw = 0x5A170001;
constexpr std::uint32_t kDriftDraw = 0x5A170002;
constexpr std::uint32_t kAzimuthDraw = 0x5A170003;
constexpr std::uint32_t kGustDraw = 0x5A170010;

struct Flow {
  DropClass drops;
  double per_m3 = 0;  ///< of this flow: a part of the class
  Vec3 velocity;      ///< without gusts
  std::uint32_t number = 0;
};

struct Gust {
  Vec3 velocity;
  Vec3 shift;  ///< integral of the velocity
};

/// What all flows share in one exposure.
struct View {
  const RainField& field;
  const DropSizes& sizes;
  const Camera& camera;  ///< its motion already scaled by ego_motion
  const Lens& lens;
  double time_s;
  Gust gust;
  std::uint32_t key[2];
};

double cube_root(double x) { return exact::exp(exact::log(x) / 3); }

/// Three slow waves whose sum has the asked standard deviation.
Gust gust_at(const RainField& field, const Random& random, double time_s) {
  const double wind = length(field.wind_m_s);
  const Vec3 along = wind > 0 ? field.wind_m_s * (1 / wind) : Vec3{1, 0, 0};
  Gust gust;
  for (std::uint32_t k = 0; k < 3; ++k) {
    const double period = field.gust_period_s * (0.6 + 0.55 * k);
    const double phase = random.uniform(kGustDraw + k);
    const exact::SinCos wave = exact::sin_cos_turns(time_s / period + phase);
    const double amplitude = field.gust_m_s * 0.8165;  // three waves of variance 1/3 each
    gust.velocity = gust.velocity + along * (amplitude * wave.cos);
    gust.shift = gust.shift + along * (amplitude * wave.sin * period / exact::detail::kTwoPi);
  }
  return gust;
}

std::vector<Flow> flows_of(const RainField& field, const std::vector<DropClass>& classes,
                           Random random) {
  std::vector<Flow> flows;
  const double turn = random.uniform(kAzimuthDraw);
  const int per_class = std::max(kDriftsPerClass, field.directions);
  for (const DropClass& one : classes) {
    for (int k = 0; k < per_class; ++k) {
      random.particle = static_cast<std::uint32_t>(flows.size()) + 1;
      const double size = field.drift * random.normal(kDriftDraw) * one.speed_m_s;
      const exact::SinCos drift =
          exact::sin_cos_turns((k + random.uniform(kAzimuthDraw)) / per_class);
      const exact::SinCos lean =
          exact::sin_cos_turns(turn + static_cast<double>(k % field.directions) / field.directions);
      const double lean_speed = field.lean * one.speed_m_s;
      const Vec3 fall{size * drift.cos + lean_speed * lean.cos, -one.speed_m_s,
                      size * drift.sin + lean_speed * lean.sin};
      flows.push_back({one, one.per_m3 / per_class, fall + field.wind_m_s,
                       static_cast<std::uint32_t>(flows.size())});
    }
  }
  return flows;
}

inline Words4 draw(const std::uint32_t key[2], const std::int32_t cell[3], std::uint32_t tag) {
  return philox4x32_10({{static_cast<std::uint32_t>(cell[0]), static_cast<std::uint32_t>(cell[1]),
                         static_cast<std::uint32_t>(cell[2]), tag}},
                       key[0], key[1]);
}

/// `none` is e^-mean.
int poisson(double mean, double none, double uniform) {
  double term = none;
  double sum = term;
  int count = 0;
  while (uniform > sum && count < 100) {
    ++count;
    term *= mean / count;
    sum += term;
  }
  return count;
}

/// Clips a particle's path, given in the camera's frame, to what lies in front of the camera and
/// measures its image.
bool project(const View& view, Vec3 a, Vec3 b, double diameter_mm, Streak& out) {
  const double middle_z = 0.5 * (a.z + b.z);
  if (middle_z < view.field.near_m) return false;
  const double least_z = 0.5 * view.field.near_m;
  if (a.z < least_z) a = b + (a - b) * ((b.z - least_z) / (b.z - a.z));
  if (b.z < least_z) b = a + (b - a) * ((a.z - least_z) / (a.z - b.z));
  const double focal_px = view.camera.focal_px;
  const double width_px = focal_px * diameter_mm * 1e-3 / middle_z;
  if (width_px < view.field.min_width_px) return false;
  const ImagePoint p = view.camera.project(a);
  const ImagePoint q = view.camera.project(b);
  const double blur_px = view.lens.blur_px(middle_z, focal_px);
  const double margin = width_px + blur_px + 3;
  if (std::max(p.x, q.x) < -margin || std::min(p.x, q.x) > view.camera.width + margin ||
      std::max(p.y, q.y) < -margin || std::min(p.y, q.y) > view.camera.height + margin) {
    return false;
  }
  out.diameter_mm = diameter_mm;
  out.x0 = static_cast<float>(p.x);
  out.y0 = static_cast<float>(p.y);
  out.x1 = static_cast<float>(q.x);
  out.y1 = static_cast<float>(q.y);
  out.depth_m = static_cast<float>(middle_z);
  out.width_px = static_cast<float>(width_px);
  out.blur_px = static_cast<float>(blur_px);
  return true;
}

/// The two oscillations and how far they show along the streak.
void add_ripples(const View& view, const Words4& draws, Streak& streak) {
  const double dx = static_cast<double>(streak.x1) - static_cast<double>(streak.x0);
  const double dy = static_cast<double>(streak.y1) - static_cast<double>(streak.y0);
  const double span_px = std::max(1.0, std::sqrt(dx * dx + dy * dy));
  // Four numbers from two words: the second mode takes the other halves.
  const double phases[2] = {Random::open_unit(draws.word[0]),
                            Random::open_unit(draws.word[0] << 16)};
  const double amounts[2] = {Random::open_unit(draws.word[1]),
                             Random::open_unit(draws.word[1] << 16)};
  const double per_px = view.lens.exposure_s / span_px;
  const Oscillations hz = oscillations_hz(streak.diameter_mm);
  for (int mode = 0; mode < 2; ++mode) {
    const double hertz = mode == 0 ? hz.axisymmetric : hz.transverse;
    const double at_open = (view.time_s - 0.5 * view.lens.exposure_s) * hertz + phases[mode];
    streak.ripple[mode] = {static_cast<float>(view.field.oscillation * amounts[mode]),
                           static_cast<float>(hertz * per_px),
                           static_cast<float>(at_open - std::floor(at_open))};
  }
}

/// A flow's cells and what of them the camera may see.
struct Lattice {
  double side_m = 1;
  Vec3 shift;
  Camera camera;
  double near_m = 0;
  double far_m = 0;
  double reach_x = 1;  ///< half of the view over the focal length
  double reach_y = 1;
  double slant_x = 1;  ///< of the view's edges over its axis
  double slant_y = 1;

  /// Whether a ball around a point in the camera's frame may meet the part of the view where this
  /// class is wide enough.
  bool near_view(Vec3 p, double radius) const {
    return (p.z >= near_m - radius) & (p.z <= far_m + radius) &
           (std::abs(p.x) - reach_x * p.z < radius * slant_x) &
           (std::abs(p.y) - reach_y * p.z < radius * slant_y);
  }
};

/// Drops of a cell, several at a time: most of a cell's are not in view.
struct CellDrops {
  static constexpr int kCount = 8;

  double x[kCount];  ///< in the camera's frame
  double y[kCount];
  double z[kCount];
  std::uint32_t size[kCount];  ///< a draw
  std::int32_t near[kCount];
};

inline void find_drops(const Lattice& lattice, double margin_m, const std::uint32_t key[2],
                       const std::int32_t cell[3], std::uint32_t tag, CellDrops& out) {
  for (int k = 0; k < CellDrops::kCount; ++k) {
    const Words4 place = draw(key, cell, tag + 2 * static_cast<std::uint32_t>(k));
    const Vec3 inside{cell[0] + Random::open_unit(place.word[0]),
                      cell[1] + Random::open_unit(place.word[1]),
                      cell[2] + Random::open_unit(place.word[2])};
    const Vec3 p = lattice.camera.to_camera(inside * lattice.side_m + lattice.shift);
    out.x[k] = p.x;
    out.y[k] = p.y;
    out.z[k] = p.z;
    out.size[k] = place.word[3];
    out.near[k] = lattice.near_view(p, margin_m) ? 1 : 0;
  }
}

class FlowWalk {
 public:
  FlowWalk(const View& view, const Flow& flow, std::vector<Streak>& out)
      : view_(view), flow_(flow), out_(out) {
    Lattice& l = lattice_;
    l.camera = view.camera;
    l.near_m = view.field.near_m;
    l.far_m = std::min(kFarthestM,
                       view.camera.focal_px * flow.drops.high_mm * 1e-3 / view.field.min_width_px);
    l.shift = flow.velocity * view.time_s + view.gust.shift;
    const Vec3 seen = flow.velocity + view.gust.velocity - view.camera.velocity;
    const Vec3 half_path = seen * (0.5 * view.lens.exposure_s);
    half_path_ = view.camera.turned(half_path);
    margin_m_ = length(half_path) + 0.01 + view.lens.aperture_m;
    l.side_m = std::min(cube_root(kDropsPerCell / flow.per_m3), std::max(l.far_m / 4, 0.05));
    mean_ = flow.per_m3 * l.side_m * l.side_m * l.side_m;
    none_ = exact::exp(-mean_);
    l.reach_x = 0.5 * view.camera.width / view.camera.focal_px;
    l.reach_y = 0.5 * view.camera.height / view.camera.focal_px;
    l.slant_x = std::sqrt(1 + l.reach_x * l.reach_x);
    l.slant_y = std::sqrt(1 + l.reach_y * l.reach_y);
  }

  void run() {
    if (lattice_.far_m <= view_.field.near_m || flow_.per_m3 <= 0) return;
    std::int32_t low[3];
    std::int32_t high[3];
    find_box(low, high);
    std::int32_t cell[3];
    for (cell[2] = low[2]; cell[2] <= high[2]; ++cell[2]) {
      for (cell[1] = low[1]; cell[1] <= high[1]; ++cell[1]) {
        for (cell[0] = low[0]; cell[0] <= high[0]; ++cell[0]) {
          if (may_be_seen(cell)) add_cell(cell);
        }
      }
    }
  }

 private:
  /// Cells of the box around the pyramid of view, in the frame of the flow.
  void find_box(std::int32_t low[3], std::int32_t high[3]) const {
    const Camera& camera = view_.camera;
    const double tx = lattice_.reach_x;
    const double ty = lattice_.reach_y;
    const double far_m = lattice_.far_m;
    Vec3 least = camera.position;
    Vec3 most = camera.position;
    for (int corner = 0; corner < 4; ++corner) {
      const Vec3 p = camera.position + camera.axes.back * -far_m +
                     camera.axes.right * (far_m * tx * (corner % 2 == 0 ? 1 : -1)) +
                     camera.axes.up * (far_m * ty * (corner < 2 ? 1 : -1));
      least = {std::min(least.x, p.x), std::min(least.y, p.y), std::min(least.z, p.z)};
      most = {std::max(most.x, p.x), std::max(most.y, p.y), std::max(most.z, p.z)};
    }
    const Vec3 margin{margin_m_, margin_m_, margin_m_};
    const Vec3 from = (least - margin - lattice_.shift) * (1 / lattice_.side_m);
    const Vec3 to = (most + margin - lattice_.shift) * (1 / lattice_.side_m);
    const double starts[3] = {from.x, from.y, from.z};
    const double ends[3] = {to.x, to.y, to.z};
    for (int i = 0; i < 3; ++i) {
      if (!(std::abs(starts[i]) < 2e9 && std::abs(ends[i]) < 2e9)) {
        fail("rendering rain at ", view_.time_s, " s: the camera is at ", view_.camera.position.x,
             " ", view_.camera.position.y, " ", view_.camera.position.z,
             " m; expected a place within a million kilometres and a finite time");
      }
      low[i] = static_cast<std::int32_t>(std::floor(starts[i]));
      high[i] = static_cast<std::int32_t>(std::floor(ends[i]));
    }
  }

  bool may_be_seen(const std::int32_t cell[3]) const {
    const Lattice& l = lattice_;
    const Vec3 middle = Vec3{cell[0] + 0.5, cell[1] + 0.5, cell[2] + 0.5} * l.side_m + l.shift;
    return l.near_view(l.camera.to_camera(middle), 0.8661 * l.side_m + margin_m_);
  }

  void add_cell(const std::int32_t cell[3]) {
    const std::uint32_t flow_tag = (flow_.number + 1) << 16;
    const Words4 first = draw(view_.key, cell, flow_tag);
    const int count = poisson(mean_, none_, Random::open_unit(first.word[0]));
    CellDrops drops;
    for (int k = 0; k < count; ++k) {
      const std::uint32_t tag = flow_tag + 2 * static_cast<std::uint32_t>(k) + 1;
      const int at = k % CellDrops::kCount;
      if (at == 0) {
        cpu_backend::run_at_level(
            [&] { find_drops(lattice_, margin_m_, view_.key, cell, tag, drops); });
      }
      if (drops.near[at] != 0)
        add_drop(cell, tag, {drops.x[at], drops.y[at], drops.z[at]}, drops.size[at]);
    }
  }

  void add_drop(const std::int32_t cell[3], std::uint32_t tag, Vec3 middle, std::uint32_t size) {
    Streak streak;
    const double diameter = view_.sizes.draw(flow_.drops, Random::open_unit(size));
    if (!project(view_, middle - half_path_, middle + half_path_, diameter, streak)) return;
    const Words4 more = draw(view_.key, cell, tag + 1);
    streak.id = (std::uint64_t{more.word[3]} << 32) | more.word[2];
    const double u = Random::open_unit(more.word[2]);
    streak.brightness = static_cast<float>(1 + view_.field.variety * (3 * u * u - 1));
    add_ripples(view_, more, streak);
    out_.push_back(streak);
  }

  const View& view_;
  const Flow& flow_;
  std::vector<Streak>& out_;
  Lattice lattice_;
  double margin_m_ = 0;
  double mean_ = 0;  ///< drops a cell
  double none_ = 1;
  Vec3 half_path_;  ///< in half an exposure, in the camera's frame
};

/// Refuses what would fill the memory: expected drops in the pyramid of view.
void check_amount(const RainField& field, const DropSizes& sizes, const Camera& camera) {
  const double reach = camera.focal_px / field.min_width_px * 1e-3;
  const double volume = camera.width * static_cast<double>(camera.height) /
                        (3 * camera.focal_px * camera.focal_px) * reach * reach * reach;
  const double expected = volume * sizes.moment(3, kSmallestDropMm, kLargestDropMm);
  if (expected > kMostStreaks) {
    fail("rendering rain of ", field.rate_mm_h, " mm/h: about ", expected, " streaks of at least ",
         field.min_width_px, " px a frame, at most ", kMostStreaks,
         " are drawn; raise the smallest width or lower the rate");
  }
}

}  // namespace

Rainfall Rainfall::of(const RainField& field, double focal_px) {
  const DropSizes sizes(field.rate_mm_h, field.gamma_mu);
  const double smallest_mm = field.min_width_px * field.near_m / focal_px * 1e3;
  return {sizes, sizes.classes(kClasses, smallest_mm)};
}

std::vector<Streak> streaks_of(const RainField& field, const RainKey& key, const Camera& camera,
                               const Lens& lens, double time_s) {
  return streaks_of(field, Rainfall::of(field, camera.focal_px), key, camera, lens, time_s);
}

std::vector<Streak> streaks_of(const RainField& field, const Rainfall& fall, const RainKey& key,
                               const Camera& camera, const Lens& lens, double time_s) {
  if (!(field.rate_mm_h > 0)) return {};
  check_amount(field, fall.sizes, camera);
  Camera shown = camera;
  shown.position = camera.position * field.ego_motion;
  shown.velocity = camera.velocity * field.ego_motion;
  const Random random{key.seed, key.clip, 0, 0};
  const Words4 keys = random.words(kKeyDraw);
  const View view{field,
                  fall.sizes,
                  shown,
                  lens,
                  time_s,
                  gust_at(field, random, time_s),
                  {keys.word[0], keys.word[1]}};
  const std::vector<Flow> flows = flows_of(field, fall.classes, random);
  std::vector<std::vector<Streak>> parts(flows.size());
  parallel_for(static_cast<std::int64_t>(flows.size()), 1,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const auto at = static_cast<std::size_t>(i);
                   FlowWalk(view, flows[at], parts[at]).run();
                 }
               });
  std::vector<Streak> out;
  for (const std::vector<Streak>& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::uint32_t frame_bits(double time_s) {
  const auto bits = std::bit_cast<std::uint64_t>(time_s);
  return static_cast<std::uint32_t>(bits ^ (bits >> 32));
}

Vec3 wind_at(const RainField& field, const RainKey& key, double time_s) {
  return field.wind_m_s + gust_at(field, {key.seed, key.clip, 0, 0}, time_s).velocity;
}

}  // namespace pluvia::synth
