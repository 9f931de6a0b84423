// SPDX-License-Identifier: Apache-2.0
// The kernels of rain one by one: each case runs the stages before its kernel once and then it.
#include <cmath>
#include <memory>
#include <utility>

#include "core/device_array.h"
#include "core/rng.h"
#include "synth/effects/brightness.h"
#include "synth/effects/compose.h"
#include "synth/effects/glass_draw.h"
#include "tests/backend/cases.h"

namespace pluvia::backend {
namespace {

using namespace synth;  // NOLINT(google-build-using-namespace)

enum class Stage { kBlocks, kBrightness, kStreaks, kGather, kHalve, kGlass, kBlur };

/// A scene of random codes and depths, with streaks and lobes all over it.
class Fixture {
 public:
  Fixture(const Device& device, const Size& size, int lanes)
      : device_(device),
        size_(size),
        clean_(device),
        marks_(device),
        numbers_{DeviceArray<float>(device), DeviceArray<float>(device),
                 DeviceArray<float>(device), DeviceArray<float>(device),
                 DeviceArray<float>(device), DeviceArray<float>(device)},
        veil_(device),
        blocks_(device),
        bars_(device),
        lobes_(device),
        taps_(device),
        lists_{DeviceArray<std::uint32_t>(device), DeviceArray<std::uint32_t>(device),
               DeviceArray<std::uint32_t>(device), DeviceArray<std::uint32_t>(device)} {
    make_scene();
    make_streaks();
    make_glass(lanes);
  }

  void run(Stage stage) {
    switch (stage) {
      case Stage::kBlocks:
        return measure_blocks(device_, {scene_.clean, scene_.height, scene_.width, scene_.veil, 3,
                                        blocks_.reserve(block_count())});
      case Stage::kBrightness:
        return measure_brightness(device_, {scene_.clean, scene_.height, scene_.width,
                                            numbers_[1].reserve(bright_count())});
      case Stage::kStreaks:
        return draw_streaks(device_, splat_);
      case Stage::kGather:
        return gather_light(device_, {gather_tiles(glass_.scene), scene_, 3, glass_.scene});
      case Stage::kHalve:
        for (int k = glass_.scene.first + 1; k <= glass_.scene.last; ++k) {
          halve_light(device_, {glass_.scene, k});
        }
        return;
      case Stage::kGlass:
        return draw_glass(device_, glass_);
      case Stage::kBlur:
        return blur_glass(device_, blur_);
    }
  }

  std::vector<double> fetch(Stage stage) const {
    if (stage == Stage::kBlocks) {
      std::vector<BlockLight> blocks(block_count());
      blocks_.download(blocks);
      std::vector<double> out;
      for (const BlockLight& b : blocks) {
        for (int c = 0; c < 3; ++c) {
          out.push_back(static_cast<double>(b.clean[c]));
          out.push_back(static_cast<double>(b.lit[c]));
        }
        out.push_back(static_cast<double>(b.hazed));
      }
      return out;
    }
    if (stage == Stage::kBrightness) return floats(numbers_[1], bright_count());
    if (stage == Stage::kStreaks) return within_picture(floats(numbers_[2], streak_numbers_));
    if (stage == Stage::kGather) {
      return floats(numbers_[3],
                    static_cast<std::size_t>(glass_.scene.starts[glass_.scene.first + 1] *
                                             glass_.scene.lanes));
    }
    if (stage == Stage::kHalve) return floats(numbers_[3], texel_numbers_);
    return floats(numbers_[stage == Stage::kGlass ? 4 : 5], pane_numbers_);
  }

 private:
  static std::vector<double> floats(const DeviceArray<float>& array, std::size_t count) {
    std::vector<float> out(count);
    array.download(out);
    return {out.begin(), out.end()};
  }
  /// Tiles are whole ones, and what lies beyond the picture means nothing.
  std::vector<double> within_picture(const std::vector<double>& sums) const {
    std::vector<double> out;
    std::vector<float> here(sums.begin(), sums.end());
    StreakPlanes planes = splat_.planes;
    planes.sums = here.data();
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        out.push_back(static_cast<double>(*planes.opacity(y, x)));
        out.push_back(static_cast<double>(*planes.glow(y, x)));
      }
    }
    return out;
  }
  std::size_t block_count() const {
    return static_cast<std::size_t>(blocks_along(size_.height) * blocks_along(size_.width));
  }
  std::size_t bright_count() const {
    return static_cast<std::size_t>(bright_blocks_along(size_.height) *
                                    bright_blocks_along(size_.width));
  }
  double draw(std::uint32_t dimension) { return random_.uniform(dimension); }

  void make_scene() {
    const auto pixels = static_cast<std::size_t>(size_.height * size_.width);
    std::vector<std::uint8_t> clean(3 * pixels);
    std::vector<float> depth(pixels);
    for (std::size_t i = 0; i < clean.size(); ++i) {
      clean[i] = static_cast<std::uint8_t>(random_.words(static_cast<std::uint32_t>(i)).word[1]);
    }
    for (std::size_t i = 0; i < pixels; ++i) {
      depth[i] = static_cast<float>(1 + 30 * draw(static_cast<std::uint32_t>(i)));
    }
    depth[0] = NAN;
    const Veil veil(DropSizes(60, 0), {1.5, 2, 0.5, 900});
    scene_.clean = clean_.upload(clean);
    scene_.height = size_.height;
    scene_.width = size_.width;
    scene_.veil.table = veil_.upload({&veil, 1});
    scene_.veil.depth.map = numbers_[0].upload(depth);
    scene_.veil.depth.width = size_.width;
    scene_.veil.air = {0.7F, 0.75F, 0.8F};
  }

  void make_streaks() {
    std::vector<StreakBar> bars;
    for (std::uint32_t i = 0; i < 200; ++i) {
      random_.particle = i;
      Streak s;
      s.x0 = static_cast<float>(draw(0) * size_.width);
      s.y0 = static_cast<float>(draw(1) * size_.height);
      s.x1 = s.x0 + static_cast<float>(20 * draw(2) - 10);
      s.y1 = s.y0 + static_cast<float>(60 * draw(3));
      s.depth_m = static_cast<float>(1 + 10 * draw(4));
      s.width_px = static_cast<float>(0.3 + 5 * draw(5));
      s.blur_px = static_cast<float>(4 * draw(6));
      if (i % 3 != 0) s.ripple[0] = {0.2F, 0.1F, 0.4F};
      bars.push_back(bar_of(s));
    }
    splat_.grid = picture_tiles(size_.height, size_.width);
    TileBins bins;
    bins.build(splat_.grid, bars.size(), [&](std::size_t i) { return box_of(bars[i]); });
    StreakPlanes& planes = splat_.planes;
    planes.lists = {lists_[0].upload(bins.starts()), lists_[1].upload(bins.shapes())};
    planes.across = splat_.grid.across();
    streak_numbers_ = StreakPlanes::numbers(splat_.grid);
    // Tiles without streaks are never written.
    const std::vector<float> zeros(streak_numbers_);
    numbers_[2].upload(zeros);
    planes.sums = numbers_[2].data();
    planes.marks = marks_.reserve(StreakPlanes::stretches(splat_.grid));
    splat_.bars = bars_.upload(bars);
    splat_.depth = scene_.veil.depth;
  }

  void make_glass(int lanes) {
    std::vector<Lobe> lobes;
    for (std::uint32_t i = 0; i < 60; ++i) {
      random_.particle = 1000 + i;
      Lobe lobe;
      lobe.x = static_cast<float>(draw(0) * size_.width);
      lobe.y = static_cast<float>(draw(1) * size_.height);
      lobe.radius_px = static_cast<float>(2 + 30 * draw(2));
      lobe.stretch = static_cast<float>(1 + 0.5 * draw(3));
      for (std::uint32_t k = 0; k < 6; ++k) {
        lobe.outline[k] = static_cast<float>(0.1 * draw(4 + k) - 0.05);
      }
      lobe.sin_contact = 0.76604444F;
      lobe.cos_contact = 0.64278761F;
      lobes.push_back(lobe);
    }
    const PaneBlur blur = PaneBlur::of(size_.height, size_.width, lanes == 8 ? 9.0F : 3.0F);
    glass_.scene = LightLevels::of(size_.height, size_.width,
                                   finest_level(lobes, 900, blur.grid.scale), lanes);
    texel_numbers_ = static_cast<std::size_t>(glass_.scene.starts[glass_.scene.last + 1] * lanes);
    glass_.scene.texels = numbers_[3].reserve(texel_numbers_);
    glass_.grid = pane_tiles(blur.grid);
    glass_.pane = blur.grid;
    TileBins bins;
    bins.build(glass_.grid, lobes.size(), [](std::size_t) { return Box{-1e9, -1e9, 1e9, 1e9}; });
    glass_.lists = {lists_[2].upload(bins.starts()), lists_[3].upload(bins.shapes())};
    glass_.lobes = lobes_.upload(lobes);
    glass_.focal_px = 900;
    glass_.centre_x = 0.5F * static_cast<float>(size_.width);
    glass_.centre_y = 0.5F * static_cast<float>(size_.height);
    const int planes = pane_planes(lanes);
    pane_numbers_ = static_cast<std::size_t>(planes * blur.grid.numbers());
    glass_.planes = numbers_[4].reserve(pane_numbers_);
    blur_ = {glass_.grid,
             blur.grid,
             planes,
             taps_.upload(blur.taps),
             static_cast<int>(blur.taps.size()),
             blur.reach,
             glass_.lists,
             glass_.planes,
             numbers_[5].reserve(pane_numbers_)};
  }

  Device device_;
  Size size_;
  Random random_{77, 0, 0, 0};
  SceneLight scene_;
  SplatArgs splat_;
  GlassArgs glass_;
  GlassBlurArgs blur_;
  std::size_t streak_numbers_ = 0;
  std::size_t texel_numbers_ = 0;
  std::size_t pane_numbers_ = 0;
  DeviceArray<std::uint8_t> clean_;
  DeviceArray<std::uint8_t> marks_;
  DeviceArray<float> numbers_[6];
  DeviceArray<Veil> veil_;
  DeviceArray<BlockLight> blocks_;
  DeviceArray<StreakBar> bars_;
  DeviceArray<Lobe> lobes_;
  DeviceArray<BlurTap> taps_;
  DeviceArray<std::uint32_t> lists_[4];
};

Work prepare(const Device& device, const Size& size, Stage stage, int lanes) {
  auto fixture = std::make_shared<Fixture>(device, size, lanes);
  for (int before = static_cast<int>(Stage::kStreaks); before < static_cast<int>(stage); ++before) {
    fixture->run(static_cast<Stage>(before));
  }
  return {[=] { fixture->run(stage); }, [=] { return fixture->fetch(stage); }};
}

}  // namespace

void add_rain_cases(std::vector<Case>& cases) {
  const std::pair<const char*, Stage> kernels[] = {
      {"measure_blocks", Stage::kBlocks}, {"measure_brightness", Stage::kBrightness},
      {"draw_streaks", Stage::kStreaks},  {"gather_light", Stage::kGather},
      {"halve_light", Stage::kHalve},     {"draw_glass", Stage::kGlass},
      {"blur_glass", Stage::kBlur}};
  for (const auto& [name, stage] : kernels) {
    for (const Size& size : usual_sizes()) {
      for (const int lanes : {4, 8}) {
        if (lanes == 4 && stage < Stage::kGather) continue;
        Case one;
        one.name = case_name(name, size) + (stage < Stage::kGather ? ""
                                            : lanes == 8           ? " two"
                                                                   : " one");
        one.prepare = [=, stage = stage](const Device& device) {
          return prepare(device, size, stage, lanes);
        };
        cases.push_back(one);
      }
    }
  }
}

}  // namespace pluvia::backend
