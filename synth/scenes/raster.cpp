// SPDX-License-Identifier: Apache-2.0
// The renderer. Bands of rows are independent; within one, primitives come in a fixed order (near
// first, so that most later tests are skipped), and the nearest crossing wins: no order of threads
// shows in the picture.
#include "synth/scenes/raster.h"

#include <limits>

#include "core/parallel.h"

namespace pluvia::synth::scenes {
namespace {

constexpr int kBandRows = 8;
constexpr float kNear = 0.08F;
constexpr int kSky = -1;
constexpr float kPavementHeight = 0.13F;

/// A primitive with the rectangle of sample points it may cover.
struct Placed {
  int number;
  float near;
  int x0, x1, y0, y1;
};

struct Sample {
  float t;
  int surface;  ///< kSky, -2 - Ground, or number * 32 + face
};

bool place(const Primitive& primitive, const View& view, int height, int width, Placed& out) {
  Vec low;
  Vec high;
  bounds(primitive, low, high);
  Vec corner[8];
  for (int i = 0; i < 8; ++i) {
    const Vec d = Vec{(i & 1) != 0 ? high.x : low.x, (i & 2) != 0 ? high.y : low.y,
                      (i & 4) != 0 ? high.z : low.z} -
                  view.position;
    corner[i] = {dot(d, view.right), dot(d, view.up), dot(d, view.forward)};
  }
  float left = 1e9F;
  float right = -1e9F;
  float top = 1e9F;
  float bottom = -1e9F;
  out.near = 1e30F;
  const auto extend = [&](Vec c) {
    const float scale = view.focal_px / c.z;
    left = std::min(left, c.x * scale);
    right = std::max(right, c.x * scale);
    top = std::min(top, -c.y * scale);
    bottom = std::max(bottom, -c.y * scale);
    out.near = std::min(out.near, c.z);
  };
  for (int i = 0; i < 8; ++i) {
    if (corner[i].z >= kNear) extend(corner[i]);
    for (int bit = 1; bit < 8; bit *= 2) {
      const Vec& a = corner[i];
      const Vec& b = corner[i ^ bit];
      if ((i & bit) != 0 || (a.z < kNear) == (b.z < kNear)) continue;
      Vec cut = a + (b - a) * ((kNear - a.z) / (b.z - a.z));
      cut.z = kNear;
      extend(cut);
    }
  }
  const auto sample = [](float at, float centre, int most) {
    return std::clamp(static_cast<int>(std::clamp((at + centre) * 2, -4.0F, 4e5F)), 0, most);
  };
  out.x0 = sample(left - 1, view.centre_x, 2 * width);
  out.x1 = sample(right + 1, view.centre_x, 2 * width);
  out.y0 = sample(top - 1, view.centre_y, 2 * height);
  out.y1 = sample(bottom + 1, view.centre_y, 2 * height);
  return out.x0 < out.x1 && out.y0 < out.y1;
}

std::vector<Placed> place_all(const Stage& stage, const View& view, int height, int width) {
  std::vector<Placed> placed;
  for (std::size_t i = 0; i < stage.primitives.size(); ++i) {
    Placed one{};
    one.number = static_cast<int>(i);
    if (place(stage.primitives[i], view, height, width, one)) placed.push_back(one);
  }
  std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return a.near != b.near ? a.near < b.near : a.number < b.number;
  });
  return placed;
}

Sample trace_ground(const Street& street, const Ray& ray) {
  if (ray.direction.y > -1e-6F) return {1e30F, kSky};
  const auto code = [](Ground ground) { return -2 - static_cast<int>(ground); };
  const float upper = (kPavementHeight - ray.origin.y) / ray.direction.y;
  const float lower = -ray.origin.y / ray.direction.y;
  if (upper <= 0) return {lower, code(Ground::kRoad)};
  const auto is_road = [&](float t) {
    const float x = ray.origin.x + ray.direction.x * t;
    return std::fabs(x) < street.half_road_m ||
           street.crossing_at(ray.origin.z + ray.direction.z * t);
  };
  if (!is_road(upper)) return {upper, code(Ground::kPavement)};
  if (is_road(lower)) return {lower, code(Ground::kRoad)};
  return {0.5F * (upper + lower), code(Ground::kKerb)};
}

class Band {
 public:
  Band(const Stage& stage, const View& view, const View& next, SceneFrame& frame,
       const ToneCurve& tone)
      : stage_(stage), view_(view), next_(next), frame_(frame), tone_(tone) {}

  void draw(const std::vector<Placed>& placed, int first, int last) {
    first_ = first;
    width_ = frame_.clean.width();
    samples_.resize(static_cast<std::size_t>(4 * (last - first) * width_));
    for (int y = 2 * first; y < 2 * last; ++y) {
      for (int x = 0; x < 2 * width_; ++x) at(x, y) = trace_ground(stage_.street, ray(x, y));
    }
    for (const Placed& one : placed) {
      if (one.y1 > 2 * first && one.y0 < 2 * last) trace(one, 2 * first, 2 * last);
    }
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < width_; ++x) resolve(x, y);
    }
  }

 private:
  Sample& at(int x, int y) {
    return samples_[static_cast<std::size_t>((y - 2 * first_) * 2 * width_ + x)];
  }
  Ray ray(int x, int y) const {
    return {view_.position,
            view_.ray((static_cast<float>(x) + 0.5F) / 2, (static_cast<float>(y) + 0.5F) / 2)};
  }

  void trace(const Placed& one, int first, int last) {
    const Primitive& primitive = stage_.primitives[static_cast<std::size_t>(one.number)];
    for (int y = std::max(one.y0, first); y < std::min(one.y1, last); ++y) {
      for (int x = one.x0; x < one.x1; ++x) {
        Sample& sample = at(x, y);
        if (sample.t <= one.near) continue;
        const Crossing found =
            cross(primitive, ray(x, y), stage_.street.textures.white, view_.inv_focal);
        if (found.t > 0 && found.t < sample.t) sample = {found.t, one.number * 32 + found.face};
      }
    }
  }

  void resolve(int x, int y) {
    const Sample points[4] = {at(2 * x, 2 * y), at(2 * x + 1, 2 * y), at(2 * x, 2 * y + 1),
                              at(2 * x + 1, 2 * y + 1)};
    Rgb sum;
    int most = 0;
    bool done[4] = {};
    for (int i = 0; i < 4; ++i) {
      if (done[i]) continue;
      int count = 0;
      float px = 0;
      float py = 0;
      float inverse = 0;
      for (int j = i; j < 4; ++j) {
        if (points[j].surface != points[i].surface) continue;
        done[j] = true;
        ++count;
        px += (j & 1) != 0 ? 0.75F : 0.25F;
        py += (j & 2) != 0 ? 0.75F : 0.25F;
        inverse += 1 / points[j].t;
      }
      const auto n = static_cast<float>(count);
      const float fx = static_cast<float>(x) + px / n;
      const float fy = static_cast<float>(y) + py / n;
      const Rgb color = shade(points[i].surface, view_.ray(fx, fy), n / inverse);
      sum = sum + color * (n / 4);
      if (count > most) {
        most = count;
        geometry(x, y, points[i].surface, {fx, fy, n / inverse});
      }
    }
    // A little more colour than light alone gives, as cameras do.
    const float grey = 0.30F * sum.r + 0.59F * sum.g + 0.11F * sum.b;
    sum = mix({grey, grey, grey}, sum, 1.15F);
    const float exposure = stage_.street.light.exposure;
    frame_.clean.view().at(y, x, 0) = tone_.code(sum.r * exposure);
    frame_.clean.view().at(y, x, 1) = tone_.code(sum.g * exposure);
    frame_.clean.view().at(y, x, 2) = tone_.code(sum.b * exposure);
  }

  const Primitive* primitive_of(int surface) const {
    return surface >= 0 ? &stage_.primitives[static_cast<std::size_t>(surface / 32)] : nullptr;
  }

  Rgb shade(int surface, Vec direction, float t) const {
    const Light& light = stage_.street.light;
    if (surface == kSky) return light.sky(direction, stage_.street.textures);
    Hit hit{};
    hit.primitive = primitive_of(surface);
    hit.face = surface >= 0 ? surface % 32 : 0;
    hit.depth = t;
    hit.p = view_.position + direction * t;
    hit.n = hit.primitive != nullptr ? normal_at(*hit.primitive, hit.face, hit.p) : Vec{0, 1, 0};
    hit.view = normalized(direction);
    const float facing = dot(hit.n, direction);
    const float slope = facing < 0 ? std::min(facing, -0.004F) : std::max(facing, 0.004F);
    const float scale = t * view_.inv_focal;
    hit.across = (view_.right - direction * (dot(hit.n, view_.right) / slope)) * scale;
    hit.down = (view_.up - direction * (dot(hit.n, view_.up) / slope)) * scale;
    if (!stage_.street.night) return light.through_haze(shade_surface(surface, hit), t);
    const Rgb lamps = stage_.street.lamp_light(hit.p, hit.n) + headlamps(hit);
    hit.glow = {1 / lamps.r, 1 / lamps.g, 1 / lamps.b};
    return light.through_haze(shade_surface(surface, hit) * lamps, t);
  }

  Rgb headlamps(const Hit& hit) const {
    if (!stage_.headlamps) return {};
    const Vec d = hit.p - view_.position;
    const float ahead = std::max(d.z, 0.1F);
    const float beam = smooth(1.5F, 7, ahead) * smooth(0.42F, 0.05F, std::fabs(d.x) / ahead) *
                       smooth(0.16F, -0.04F, d.y / ahead);
    return Rgb{0.95F, 0.97F, 1.0F} * (1.1F * beam / (1 + 0.006F * ahead * ahead));
  }

  Rgb shade_surface(int surface, const Hit& hit) const {
    if (surface == -2 - static_cast<int>(Ground::kRoad)) return shade_road(stage_, hit);
    if (surface < 0) return shade_pavement(stage_, hit);
    switch (hit.primitive->material) {
      case Material::kFacade:
        return shade_facade(stage_, hit);
      case Material::kLeaves:
        return shade_leaves(stage_, hit);
      case Material::kCarBody:
      case Material::kCarCabin:
        return shade_car(stage_, hit);
      case Material::kWheel:
        return shade_wheel(stage_, hit);
      default:
        return shade_trim(stage_, hit);
    }
  }

  // `at` is the point of the frame in pixels and its depth; results are moved to the pixel's
  // middle.
  void geometry(int x, int y, int surface, Vec at_px) {
    const Vec direction = view_.ray(at_px.x, at_px.y);
    Vec later = direction;
    float depth = std::numeric_limits<float>::infinity();
    if (surface != kSky) {
      depth = at_px.z;
      const Vec p = view_.position + direction * depth;
      later = p - next_.position;
      if (const Primitive* primitive = primitive_of(surface)) {
        Vec motion = primitive->motion_a;
        if (primitive->shape == Shape::kCapsule) {
          const Vec ba = primitive->b - primitive->a;
          const float along = clamp01(dot(p - primitive->a, ba) / std::max(dot(ba, ba), 1e-12F));
          motion = motion + (primitive->motion_b - motion) * along;
        }
        later = later + motion;
      }
    }
    // What passes behind the camera has no place in the next frame: a bounded, far one is given.
    const float ahead = std::max(dot(later, next_.forward), 0.02F);
    const float scale = next_.focal_px / ahead;
    const float u = next_.centre_x + dot(later, next_.right) * scale;
    const float v = next_.centre_y - dot(later, next_.up) * scale;
    frame_.depth_m.view().at(y, x) = depth;
    frame_.flow_px.view().at(y, x, 0) = std::clamp(u - at_px.x, -3e4F, 3e4F);
    frame_.flow_px.view().at(y, x, 1) = std::clamp(v - at_px.y, -3e4F, 3e4F);
  }

  const Stage& stage_;
  const View& view_;
  const View& next_;
  SceneFrame& frame_;
  const ToneCurve& tone_;
  int first_ = 0;
  int width_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace

SceneFrame draw_frame(const Stage& stage, const View& view, const View& next, int height,
                      int width) {
  SceneFrame frame;
  frame.clean = Image<std::uint8_t>(height, width, 3);
  frame.depth_m = Image<float>(height, width, 1, Transfer::kLinear);
  frame.flow_px = Image<float>(height, width, 2, Transfer::kLinear);
  const std::vector<Placed> placed = place_all(stage, view, height, width);
  const ToneCurve tone;
  parallel_for((height + kBandRows - 1) / kBandRows, 1, [&](std::int64_t begin, std::int64_t end) {
    Band band(stage, view, next, frame, tone);
    for (std::int64_t i = begin; i < end; ++i) {
      const int first = static_cast<int>(i) * kBandRows;
      band.draw(placed, first, std::min(first + kBandRows, height));
    }
  });
  return frame;
}

}  // namespace pluvia::synth::scenes
