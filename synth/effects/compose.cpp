// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/compose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/exact_math.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "synth/effects/linear_light.h"

namespace pluvia::synth {
namespace {

constexpr std::uint32_t kNoiseDraw = 0xC0330001;
constexpr float kTransmittedByDrop = 0.94F;  ///< of a falling drop: refraction and reflections

/// 1 - exp(-x), linear between 4096 points of [0, 12].
class Covered {
 public:
  static float of(float x) {
    static const Covered table;
    if (!(x > 0)) return 0;
    const float at = std::min(x, kMost) * (kSteps / kMost);
    const auto i = std::min(static_cast<std::size_t>(at), static_cast<std::size_t>(kSteps - 1));
    const float t = at - static_cast<float>(i);
    return table.values_[i] + (table.values_[i + 1] - table.values_[i]) * t;
  }

 private:
  static constexpr int kSteps = 4096;
  static constexpr float kMost = 12;
  Covered() {
    for (std::size_t i = 0; i <= kSteps; ++i) {
      const double x = static_cast<double>(kMost) * static_cast<double>(i) / kSteps;
      values_[i] = static_cast<float>(1 - exact::exp(-x));
    }
  }
  std::array<float, kSteps + 1> values_{};
};

int to_code(float share) {
  return static_cast<int>(std::floor(std::clamp(share, 0.0F, 1.0F) * 255 + 0.5F));
}

std::uint8_t* bytes(FrameLayers& layers, Layer layer, ImageView<const std::uint8_t> like) {
  auto& data = layers.of(layer);
  data.resize(static_cast<std::size_t>(like.height()) * static_cast<std::size_t>(like.width()) *
              spec(layer).pixel_bytes());
  return reinterpret_cast<std::uint8_t*>(data.data());
}

void copy_clean(FrameLayers& layers, ImageView<const std::uint8_t> clean) {
  std::uint8_t* to = bytes(layers, Layer::kGt, clean);
  for (int y = 0; y < clean.height(); ++y) {
    const auto row = clean.row(y);
    to = std::copy(row.begin(), row.end(), to);
  }
}

template <typename Body>
void for_rows(int height, const Body& body) {
  parallel_for(height, 16, [&](std::int64_t begin, std::int64_t end) {
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) body(y);
  });
}

/// Display brightness (mean of the channels, 0 to 1) of blocks of 16 by 16 pixels.
class CoarseBrightness {
 public:
  explicit CoarseBrightness(ImageView<const std::uint8_t> clean)
      : blocks_((clean.height() + kBlock - 1) / kBlock, (clean.width() + kBlock - 1) / kBlock, 1,
                Transfer::kSrgb) {
    parallel_for(blocks_.height(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
        for (int x = 0; x < blocks_.width(); ++x) {
          const int rows = std::min(kBlock, clean.height() - y * kBlock);
          const int columns = std::min(kBlock, clean.width() - x * kBlock);
          int sum = 0;
          for (int r = 0; r < rows; ++r) {
            const std::uint8_t* const p = &clean.at(y * kBlock + r, x * kBlock);
            for (int i = 0; i < 3 * columns; ++i) sum += p[i];
          }
          blocks_.view().at(y, x) =
              static_cast<float>(sum) / static_cast<float>(3 * 255 * rows * columns);
        }
      }
    });
  }

  float at(int y, int x) const {
    const float u = std::max(0.0F, (static_cast<float>(x) + 0.5F) / kBlock - 0.5F);
    const float v = std::max(0.0F, (static_cast<float>(y) + 0.5F) / kBlock - 0.5F);
    const int x0 = std::min(static_cast<int>(u), blocks_.width() - 1);
    const int y0 = std::min(static_cast<int>(v), blocks_.height() - 1);
    const int x1 = std::min(x0 + 1, blocks_.width() - 1);
    const int y1 = std::min(y0 + 1, blocks_.height() - 1);
    const float fx = u - static_cast<float>(x0);
    const float fy = v - static_cast<float>(y0);
    const auto b = blocks_.view();
    const float top = b.at(y0, x0) + (b.at(y0, x1) - b.at(y0, x0)) * fx;
    const float bottom = b.at(y1, x0) + (b.at(y1, x1) - b.at(y1, x0)) * fx;
    return top + (bottom - top) * fy;
  }

 private:
  static constexpr int kBlock = 16;
  Image<float> blocks_;
};

/// Standard deviation of the noise that a change of light brings.
float grain_size(float change, const SensorNoise& noise) {
  const float read = noise.read * std::min(1.0F, change * 50);
  return std::sqrt(noise.shot * change + read * read);
}

float normal(const SensorNoise& noise, std::uint32_t pixel, int channel) {
  // Sum of four uniform 16-bit numbers: near enough to normal below three standard deviations.
  const Random random{noise.seed, noise.clip, noise.frame, pixel};
  const Words4 w = random.words(kNoiseDraw + static_cast<std::uint32_t>(channel / 2));
  const std::uint32_t a = w.word[2 * (channel % 2)];
  const std::uint32_t b = w.word[2 * (channel % 2) + 1];
  const auto sum = static_cast<float>((a & 0xFFFFU) + (a >> 16) + (b & 0xFFFFU) + (b >> 16));
  return (sum * 0x1p-16F - 2) * 1.7320508F;
}

}  // namespace

Image<float> to_light(ImageView<const std::uint8_t> clean) {
  const LinearLight& light = LinearLight::tables();
  Image<float> out(clean.height(), clean.width(), 3, Transfer::kLinear);
  for_rows(clean.height(), [&](int y) {
    const auto from = clean.row(y);
    const auto to = out.view().row(y);
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = light.decode(from[i]);
  });
  return out;
}

void add_veil(ImageView<float> light, ImageView<const float> depth_m, const Veil& veil, Rgb air) {
  const float a[3] = {air.r, air.g, air.b};
  for_rows(light.height(), [&](int y) {
    float* const p = light.row(y).data();
    const float* const z = depth_m.row(y).data();
    for (int x = 0; x < light.width(); ++x) {
      const float t = veil.transmission(z[x]);
      if (t == 1) continue;
      for (int c = 0; c < 3; ++c) p[3 * x + c] = p[3 * x + c] * t + a[c] * (1 - t);
    }
  });
}

Image<float> add_streaks(ImageView<const float> light, const StreakPlanes& streaks, float gain,
                         const LightPyramid& around) {
  Image<float> out(light.height(), light.width(), 3, Transfer::kLinear);
  // Half of a drop's light comes from within 26 degrees of the line of sight, the rest from
  // further.
  const auto level = static_cast<float>(std::max(0, around.levels() - 2));
  for_rows(light.height(), [&](int y) {
    const float* const b = light.row(y).data();
    float* const p = out.view().row(y).data();
    const float* const opacity = streaks.opacity.view().row(y).data();
    const float* const glow = streaks.glow.view().row(y).data();
    for (int x = 0; x < light.width(); ++x) {
      const float a = Covered::of(gain * opacity[x]);
      if (a <= 0) {
        std::copy_n(b + 3 * x, 3, p + 3 * x);
        continue;
      }
      const Rgb l =
          around.sample(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F, level);
      const float own = kTransmittedByDrop * glow[x] / opacity[x];
      const float source[3] = {l.r * own, l.g * own, l.b * own};
      for (int c = 0; c < 3; ++c) p[3 * x + c] = b[3 * x + c] * (1 - a) + source[c] * a;
    }
  });
  return out;
}

FrameLayers compose_vrds(const VrdsScene& scene) {
  const LinearLight& light = LinearLight::tables();
  const int width = scene.clean.width();
  const CoarseBrightness around(scene.clean);
  FrameLayers out;
  copy_clean(out, scene.clean);
  std::uint8_t* const lq = bytes(out, Layer::kLq, scene.clean);
  std::uint8_t* const drop = bytes(out, Layer::kDrop, scene.clean);
  std::uint8_t* const mask = bytes(out, Layer::kMask, scene.clean);
  std::uint8_t* const streak = bytes(out, Layer::kStreak, scene.clean);
  for_rows(scene.clean.height(), [&](int y) {
    const std::uint8_t* const gt = scene.clean.row(y).data();
    const std::ptrdiff_t line = std::ptrdiff_t{y} * width;
    const float* const glass = scene.glass == nullptr ? nullptr : &scene.glass->view().at(y, 0);
    const float* const glow =
        scene.streaks == nullptr ? nullptr : &scene.streaks->glow.view().at(y, 0);
    for (int x = 0; x < width; ++x) {
      const float covered = glass == nullptr ? 0 : glass[4 * x + 3];
      const int m = to_code(covered);
      float bright = 0;
      if (glow != nullptr && glow[x] > 0) {
        const float level = scene.tone.brightness - scene.tone.sky_fade * around.at(y, x);
        bright = std::max(0.0F, level) * Covered::of(scene.tone.gain * glow[x]);
      }
      const int s = to_code((1 - static_cast<float>(m) / 255) * bright);
      mask[line + x] = static_cast<std::uint8_t>(m);
      streak[line + x] = static_cast<std::uint8_t>(s);
      for (int c = 0; c < 3; ++c) {
        std::uint8_t d = gt[3 * x + c];
        if (m != 0) {
          const float behind = (1 - std::min(covered, 1.0F)) * light.decode(d);
          d = light.encode(behind + glass[4 * x + c]);
        }
        drop[3 * (line + x) + c] = d;
        lq[3 * (line + x) + c] = static_cast<std::uint8_t>(std::min(255, d + s));
      }
    }
  });
  return out;
}

FrameLayers compose_physical(const PhysicalScene& scene) {
  const LinearLight& light = LinearLight::tables();
  const int width = scene.clean.width();
  FrameLayers out;
  copy_clean(out, scene.clean);
  std::uint8_t* const lq = bytes(out, Layer::kLq, scene.clean);
  std::uint8_t* const drop = bytes(out, Layer::kDrop, scene.clean);
  std::uint8_t* const mask = bytes(out, Layer::kMask, scene.clean);
  std::uint8_t* const streak = bytes(out, Layer::kStreak, scene.clean);
  std::uint8_t* const rgb = bytes(out, Layer::kStreakRgb, scene.clean);
  const bool grainy = scene.noise.shot > 0 || scene.noise.read > 0;
  for_rows(scene.clean.height(), [&](int y) {
    const std::ptrdiff_t line = std::ptrdiff_t{y} * width;
    const float* const veiled = scene.veiled.row(y).data();
    const float* const streaked = scene.streaked.row(y).data();
    for (int x = 0; x < width; ++x) {
      const float* const g = scene.glass == nullptr ? nullptr : &scene.glass->view().at(y, x);
      const float* const gs =
          scene.glass_streaked == nullptr ? nullptr : &scene.glass_streaked->view().at(y, x);
      const float covered = g == nullptr ? 0 : std::min(g[3], 1.0F);
      mask[line + x] = static_cast<std::uint8_t>(to_code(covered));
      int most = 0;
      for (int c = 0; c < 3; ++c) {
        const float clean = light.decode(scene.clean.at(y, x, c));
        const float v = veiled[3 * x + c];
        const float s = streaked[3 * x + c];
        const float without = g == nullptr ? v : (1 - covered) * v + g[c];
        const float with = gs == nullptr ? s : (1 - covered) * s + gs[c];
        float grain = 0;
        if (grainy && with != clean) {
          const float unit = normal(scene.noise, static_cast<std::uint32_t>(line + x), c);
          grain = unit * grain_size(std::abs(without - clean), scene.noise);
        }
        const int d = light.encode(without + grain);
        const int l = with == without ? d : light.encode(with + grain);
        const auto difference = static_cast<std::int16_t>(l - d);
        most = std::max(most, l - d);
        drop[3 * (line + x) + c] = static_cast<std::uint8_t>(d);
        lq[3 * (line + x) + c] = static_cast<std::uint8_t>(l);
        std::memcpy(rgb + 2 * (3 * (line + x) + c), &difference, sizeof(difference));
      }
      streak[line + x] = static_cast<std::uint8_t>(most);
    }
  });
  return out;
}

}  // namespace pluvia::synth
