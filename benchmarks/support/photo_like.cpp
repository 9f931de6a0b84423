// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/photo_like.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace pluvia::bench {
namespace {

constexpr int kMargin = 256;

std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

// Roughly Gaussian with deviation 1: the sum of four bytes.
int sensor_noise(std::uint32_t x) {
  const std::uint32_t h = mix(x);
  const auto sum = static_cast<int>((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24));
  return (sum - 510 + 74 * 8) / 148 - 4;
}

void draw_disc(ImageView<std::uint8_t> scene, std::mt19937& random) {
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  // Radii with density r^-3 between 6 and 300 pixels.
  const double low = 1 / (300.0 * 300.0);
  const double high = 1 / (6.0 * 6.0);
  const double radius = 1 / std::sqrt(low + uniform() * (high - low));
  const double cy = uniform() * scene.height();
  const double cx = uniform() * scene.width();
  const int base[3] = {static_cast<int>(40 + 180 * uniform()),
                       static_cast<int>(40 + 180 * uniform()),
                       static_cast<int>(40 + 180 * uniform())};
  const double slope_x = (uniform() - 0.5) * 60 / radius;
  const double slope_y = (uniform() - 0.5) * 60 / radius;
  const double grain = uniform() * 14;
  const auto key = static_cast<std::uint32_t>(random());
  const int y1 = std::min(scene.height(), static_cast<int>(cy + radius) + 1);
  for (int y = std::max(0, static_cast<int>(cy - radius)); y < y1; ++y) {
    const int x1 = std::min(scene.width(), static_cast<int>(cx + radius) + 1);
    for (int x = std::max(0, static_cast<int>(cx - radius)); x < x1; ++x) {
      const double dx = x - cx;
      const double dy = y - cy;
      if (dx * dx + dy * dy > radius * radius) continue;
      const std::uint32_t cell = mix(key + static_cast<std::uint32_t>(y / 2 * 4096 + x / 2));
      const double shade = slope_x * dx + slope_y * dy + grain * (cell % 256 / 255.0 - 0.5);
      for (int c = 0; c < 3; ++c) {
        scene.at(y, x, c) = static_cast<std::uint8_t>(std::clamp(base[c] + shade, 0.0, 255.0));
      }
    }
  }
}

}  // namespace

PhotoLike::PhotoLike(int height, int width, std::uint32_t seed)
    : height_(height), width_(width), seed_(seed), scene_(height + kMargin, width + kMargin, 3) {
  std::fill(scene_.pixels().begin(), scene_.pixels().end(), std::uint8_t{128});
  std::mt19937 random(seed);
  const int discs = height * width / 90;
  for (int i = 0; i < discs; ++i) draw_disc(scene_.view(), random);
}

ClipInfo PhotoLike::info(const std::string& id, int frames) const {
  ClipInfo info;
  info.id = id;
  info.frames = frames;
  info.height = height_;
  info.width = width_;
  info.fps = 25;
  info.layers = {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask};
  return info;
}

FrameLayers PhotoLike::frame(int t) const {
  FrameLayers out;
  const auto pixels = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
  out.of(Layer::kLq).resize(3 * pixels);
  out.of(Layer::kGt).resize(3 * pixels);
  out.of(Layer::kStreak).assign(pixels, std::byte{0});
  out.of(Layer::kMask).assign(pixels, std::byte{0});
  const auto frame_seed = mix(seed_ + static_cast<std::uint32_t>(t) * 977);
  std::mt19937 random(frame_seed);
  for (int i = 0; i < 700; ++i) {  // streaks of 20 to 80 pixels, soft edges
    const int length = 20 + static_cast<int>(random() % 60);
    const int x0 = static_cast<int>(random() % static_cast<std::uint32_t>(width_));
    const int y0 = static_cast<int>(random() % static_cast<std::uint32_t>(height_));
    const int strength = 20 + static_cast<int>(random() % 80);
    for (int k = 0; k < length; ++k) {
      for (int w = -1; w <= 1; ++w) {
        const int y = y0 + k;
        const int x = x0 + k / 8 + w;
        if (y >= height_ || x < 0 || x >= width_) continue;
        std::byte& value =
            out.of(Layer::kStreak)[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
                                   static_cast<std::size_t>(x)];
        value = std::byte(
            std::min(255, std::to_integer<int>(value) + (w == 0 ? strength : strength / 3)));
      }
    }
  }
  std::mt19937 drops(seed_);  // drops stay where they are
  for (int i = 0; i < 25; ++i) {
    const int radius = 10 + static_cast<int>(drops() % 25);
    const int cy = static_cast<int>(drops() % static_cast<std::uint32_t>(height_));
    const int cx = static_cast<int>(drops() % static_cast<std::uint32_t>(width_));
    for (int y = std::max(0, cy - radius); y < std::min(height_, cy + radius); ++y) {
      for (int x = std::max(0, cx - radius); x < std::min(width_, cx + radius); ++x) {
        const double inside = radius - std::hypot(x - cx, y - cy);
        if (inside > 0)
          out.of(Layer::kMask)[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
                               static_cast<std::size_t>(x)] =
              std::byte(static_cast<int>(std::min(255.0, 80 * inside)));
      }
    }
  }
  const int pan_x = kMargin / 2 + static_cast<int>(100 * std::sin(0.05 * t));
  const int pan_y = kMargin / 2 + static_cast<int>(40 * std::sin(0.03 * t));
  for (std::size_t p = 0; p < pixels; ++p) {
    const int y = static_cast<int>(p / static_cast<std::size_t>(width_));
    const int x = static_cast<int>(p % static_cast<std::size_t>(width_));
    const int mask = std::to_integer<int>(out.of(Layer::kMask)[p]);
    const int streak = std::to_integer<int>(out.of(Layer::kStreak)[p]);
    for (int c = 0; c < 3; ++c) {
      const std::size_t i = 3 * p + static_cast<std::size_t>(c);
      const int gt = std::clamp(scene_.view().at(y + pan_y, x + pan_x, c) +
                                    sensor_noise(frame_seed + static_cast<std::uint32_t>(i)),
                                0, 255);
      const int inside = scene_.view().at(height_ - 1 - y / 2, width_ - 1 - x / 2, c);
      const int drop = gt + (inside - gt) * mask / 255;
      out.of(Layer::kGt)[i] = std::byte(gt);
      out.of(Layer::kLq)[i] = std::byte(std::min(255, drop + streak));
    }
  }
  return out;
}

}  // namespace pluvia::bench
