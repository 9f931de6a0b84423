// SPDX-License-Identifier: Apache-2.0
// Weather presets and their use. The tone curve is a rational shoulder, x (a x + b) over
// x (c x + d) + e: straight near black, white at about eight times middle grey.
#include "synth/scenes/light.h"

#include "core/exact_math.h"
#include "synth/scenes/draw.h"

namespace pluvia::synth::scenes {
namespace {

constexpr Rgb kFacadesMean{0.30F, 0.27F, 0.24F};
constexpr Rgb kRoadMean{0.13F, 0.13F, 0.13F};

Vec sun_direction(Draw& draw, float low_deg, float high_deg) {
  const exact::SinCos elevation = exact::sin_cos_turns(draw.range(low_deg, high_deg) / 360);
  // Away from the street's own axis, where no house would ever cast a shadow.
  double azimuth = draw.range(0.06F, 0.44F);
  if (draw.chance(0.5F)) azimuth = -azimuth;
  const exact::SinCos around = exact::sin_cos_turns(azimuth);
  return {static_cast<float>(elevation.cos * around.sin), static_cast<float>(elevation.sin),
          static_cast<float>(elevation.cos * around.cos)};
}

}  // namespace

Light::Light(std::uint64_t seed, bool night) {
  Draw draw(seed, Purpose::kLight, 0);
  cloud_u = draw.range(0, 256);
  cloud_v = draw.range(0, 256);
  penumbra = 0.02F;
  if (night) {
    set_night(draw);
  } else {
    set_day(draw);
  }
}

void Light::set_day(Draw& draw) {
  const int weather = draw.below(5);
  if (weather <= 1) {  // fair, with some clouds
    to_sun = sun_direction(draw, 32, 58);
    sun = {2.7F, 2.5F, 2.2F};
    ambient = {0.62F, 0.74F, 0.95F};
    zenith = {0.20F, 0.42F, 0.88F};
    horizon = {0.85F, 1.02F, 1.22F};
    cloud_cover = draw.range(0.2F, 0.55F);
    haze_m = draw.range(700, 1500);
  } else if (weather == 2) {  // late sun
    to_sun = sun_direction(draw, 16, 28);
    sun = {2.7F, 2.0F, 1.3F};
    ambient = {0.62F, 0.66F, 0.80F};
    zenith = {0.30F, 0.45F, 0.75F};
    horizon = {1.35F, 1.15F, 0.92F};
    cloud_cover = draw.range(0.15F, 0.5F);
    haze_m = draw.range(350, 700);
  } else {  // thin or thick cloud
    const float thick = weather == 3 ? draw.range(0.3F, 0.7F) : draw.range(0.85F, 1);
    to_sun = sun_direction(draw, 35, 60);
    sun = Rgb{1.5F, 1.42F, 1.3F} * (1 - thick);
    ambient = mix(Rgb{0.95F, 1.0F, 1.08F}, Rgb{1.05F, 1.08F, 1.12F}, thick);
    zenith = mix(Rgb{0.55F, 0.66F, 0.85F}, Rgb{0.80F, 0.84F, 0.90F}, thick);
    horizon = Rgb{1.20F, 1.24F, 1.28F};
    cloud_cover = mix(0.65F, 1.0F, thick);
    haze_m = draw.range(450, 1300);
    penumbra = 0.06F;
  }
  const Rgb whole = sun * (0.35F) + ambient;
  bounce = whole * Rgb{0.16F, 0.15F, 0.14F};
  cloud_lit = sun * 0.40F + ambient * 0.80F;
  cloud_dark = ambient * 0.48F + sun * 0.05F;
  // A street is mostly its own shade: that is what a camera meters.
  const float key = 0.66F * ambient.g + 0.31F * sun.g;
  exposure = draw.range(0.92F, 1.12F) * 0.98F / key;
}

void Light::set_night(Draw& draw) {
  // Shaders see an even light, which lamps then scale; the sky glows a little over the city.
  sun = {0, 0, 0};
  ambient = {1, 1, 1};
  bounce = {0.15F, 0.14F, 0.13F};
  zenith = {0.010F, 0.013F, 0.024F};
  horizon = Rgb{0.085F, 0.065F, 0.050F} * draw.range(0.6F, 1.3F);
  cloud_lit = {0.050F, 0.042F, 0.038F};
  cloud_dark = {0.022F, 0.020F, 0.022F};
  haze_m = draw.range(400, 900);
  exposure = draw.range(1.1F, 1.5F);
  cloud_cover = draw.range(0.4F, 1);
  to_sun = {0, 1, 0};
}

Rgb Light::sky(Vec direction, const Textures& textures) const {
  const Vec d = normalized(direction);
  const float height = std::max(d.y, 0.0F);
  const float low = 1 - height;
  Rgb color = mix(zenith, horizon, low * low * low);
  const float glow = std::max(dot(d, to_sun), 0.0F);
  const float g4 = glow * glow * glow * glow;
  color = color + sun * (0.10F * g4 * g4 + 0.05F * g4);
  if (height > 0.005F) {
    // A flat layer of clouds seen in perspective; far ones melt into the horizon.
    const float reach = 1 / (height + 0.06F);
    const float u = cloud_u + d.x * reach * 36;
    const float v = cloud_v + d.z * reach * 24;
    const float width = 0.09F * reach * reach;
    const float shape = 0.68F * textures.fractal.at(u, v, width) +
                        0.32F * textures.fractal.at(v * 3.1F + 40, u * 3.1F, width * 3.1F);
    const float edge = mix(0.62F, 0.30F, cloud_cover);
    const float body = smooth(edge, edge + 0.16F, shape) * smooth(0.0F, 0.16F, height);
    const float thick = smooth(edge + 0.02F, edge + 0.50F, shape);
    const Rgb cloud = mix(cloud_lit, cloud_dark, thick) + sun * (0.12F * g4);
    color = mix(color, cloud, body * (0.70F + 0.28F * cloud_cover));
  }
  return color;
}

Rgb Light::surroundings(Vec direction) const {
  const float up = direction.y;
  const Rgb above = mix(horizon, zenith, clamp01(up * 1.2F));
  const Rgb facades = kFacadesMean * (ambient + sun * 0.25F);
  const Rgb below = kRoadMean * (ambient + sun * 0.4F);
  const Rgb street = mix(below, facades, smooth(-0.12F, 0.02F, up));
  return mix(street, above, smooth(0.22F, 0.55F, up));
}

Rgb Light::on(Rgb albedo, Vec normal, float lit, float open) const {
  const float facing = std::max(dot(normal, to_sun), 0.0F) * lit;
  const float upward = 0.5F + 0.5F * normal.y;
  return albedo * (sun * facing + ambient * (open * (0.35F + 0.65F * upward)) +
                   bounce * ((1 - upward) * (0.4F + 0.6F * open) + 0.25F));
}

Rgb Light::through_haze(Rgb color, float distance_m) const {
  const float x = distance_m / haze_m;
  const float clear = 1 / (1 + x + 0.5F * x * x + x * x * x / 6);
  return mix(horizon * 0.88F, color, clear);
}

ToneCurve::ToneCurve() {
  for (int i = 0; i <= kSteps; ++i) {
    // Square root spacing: fine steps near black.
    const double root = static_cast<double>(i) / kSteps * 2.5;
    const double x = root * root * 0.72;
    double v = x * (2.4 * x + 0.10) / (x * (2.28 * x + 0.62) + 0.14);
    v = 0.35 * std::min(x, 1.0) + 0.65 * v;
    v = std::min(std::max(v, 0.0), 1.0);
    const double srgb =
        v <= 0.0031308 ? 12.92 * v : 1.055 * exact::exp(exact::log(v) / 2.4) - 0.055;
    codes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(srgb * 255 + 0.5);
  }
}

std::uint8_t ToneCurve::code(float light) const {
  const float root = std::sqrt(std::max(light, 0.0F)) * (static_cast<float>(kSteps) / 2.5F);
  const int step = static_cast<int>(std::min(root + 0.5F, static_cast<float>(kSteps)));
  return codes_[static_cast<std::size_t>(step)];
}

}  // namespace pluvia::synth::scenes
