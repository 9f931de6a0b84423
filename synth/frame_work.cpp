// SPDX-License-Identifier: Apache-2.0
#include "synth/frame_work.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/parallel.h"

namespace pluvia::synth {
namespace {

TileLists lend(const TileBins& bins, DeviceArray<std::uint32_t>& starts,
               DeviceArray<std::uint32_t>& shapes) {
  return {starts.lend(bins.starts()), shapes.lend(bins.shapes())};
}

std::uint8_t* bytes(FrameLayers& layers, Layer layer) {
  return reinterpret_cast<std::uint8_t*>(layers.of(layer).data());
}

}  // namespace

FrameWork::FrameWork(const Device& device)
    : device_(device),
      veil_(device),
      flicker_(device),
      flicker_places_(device),
      clean_(device),
      marks_(device),
      depth_map_(device),
      depth_rows_(device),
      depth_columns_(device),
      through_rows_(device),
      through_columns_(device),
      flicker_noise_(device),
      flicker_rows_(device),
      flicker_columns_(device),
      blocks_(device),
      nodes_(device),
      brightness_(device),
      planes_(device),
      texels_(device),
      sharp_pane_(device),
      soft_pane_(device),
      device_bars_(device),
      lobes_(device),
      taps_(device),
      streak_starts_(device),
      streak_shapes_(device),
      lobe_starts_(device),
      lobe_shapes_(device),
      blur_starts_(device),
      blur_shapes_(device),
      pane_starts_(device),
      pane_shapes_(device) {
  for (auto& layer : layer_bytes_) layer = DeviceArray<std::uint8_t>(device);
}

void FrameWork::place_scene(const FrameOrder& order) {
  const SceneFrame& frame = order.frame;
  scene_ = {};
  scene_.clean = clean_.lend(frame.clean.pixels());
  scene_.height = frame.clean.height();
  scene_.width = frame.clean.width();
  scene_.streak_gain = order.params.tone.gain;
  depth_ = {nullptr, nullptr, nullptr, scene_.width};
  if (!frame.depth_m.empty()) {
    depth_.map = depth_map_.lend(frame.depth_m.pixels());
    return;
  }
  assumed_ = AssumedDepth::of(order.camera);
  depth_.rows = depth_rows_.lend(assumed_.rows);
  depth_.columns = depth_columns_.lend(assumed_.columns);
}

void FrameWork::add_veil(const FrameOrder& order) {
  if (!(order.field.rate_mm_h > 0) && !(order.params.mist_per_km > 0)) return;
  const Veil& veil = order.medium.veil;
  scene_.veil.table = veil_.lend({&veil, 1});
  scene_.veil.depth = depth_;
  if (depth_.map != nullptr) return;
  row_transmissions_ = transmissions(veil, assumed_.rows);
  column_transmissions_ = transmissions(veil, assumed_.columns);
  scene_.veil.rows = through_rows_.lend(row_transmissions_);
  scene_.veil.columns = through_columns_.lend(column_transmissions_);
}

void FrameWork::add_flicker(const FrameOrder& order) {
  const Medium& medium = order.medium;
  if (medium.flicker_texture.empty() || scene_.veil.table == nullptr) return;
  FlickerView& view = scene_.flicker;
  flicker_starts_ = flicker_starts(order.field, order.key, order.camera, order.frame.time_s);
  view.table = flicker_.lend({&medium.flicker, 1});
  view.texture = flicker_noise_.lend(medium.flicker_texture);
  view.starts = flicker_places_.lend(flicker_starts_);
  view.height = scene_.height;
  if (depth_.map != nullptr) return;
  const auto deviations = [&](const std::vector<float>& depths_m, std::vector<float>& out) {
    out.clear();
    for (const float z : depths_m) out.push_back(medium.flicker.deviation(z));
  };
  deviations(assumed_.rows, row_deviations_);
  deviations(assumed_.columns, column_deviations_);
  view.rows = flicker_rows_.lend(row_deviations_);
  view.columns = flicker_columns_.lend(column_deviations_);
}

void FrameWork::add_environment(const FrameOrder& order) {
  const auto count = static_cast<std::size_t>(blocks_along(scene_.height)) *
                     static_cast<std::size_t>(blocks_along(scene_.width));
  BlockArgs args{scene_.clean, scene_.height,         scene_.width,
                 scene_.veil,  order.params.sky_gain, blocks_.reserve(count)};
  measure_blocks(device_, args);
  host_blocks_.resize(count);
  blocks_.download(host_blocks_);
  const Rgb air = airlight(host_blocks_, scene_.height, scene_.width);
  scene_.veil.air = air;
  host_nodes_ = drop_light(host_blocks_, scene_.height, scene_.width, air, order.camera.focal_px);
  scene_.around = {nodes_.lend(host_nodes_), nodes_along(scene_.width)};
}

void FrameWork::find_streaks(const FrameOrder& order) {
  bars_.clear();
  if (!(order.field.rate_mm_h > 0) || !order.params.streaks) return;
  const std::vector<Streak> streaks =
      streaks_of(order.field, order.medium.fall, order.key, order.camera, order.params.lens,
                 order.frame.time_s);
  bars_.resize(streaks.size());
  constexpr std::int64_t kMadeReady = 512;
  parallel_for(static_cast<std::int64_t>(streaks.size()), kMadeReady,
               [&](std::int64_t begin, std::int64_t end) {
                 for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end);
                      ++i) {
                   bars_[i] = bar_of(streaks[i]);
                 }
               });
  const Image<std::uint8_t>& clean = order.frame.clean;
  streak_bins_.build(picture_tiles(clean.height(), clean.width()), bars_.size(),
                     [&](std::size_t i) { return box_of(bars_[i]); });
}

void FrameWork::draw_streaks() {
  if (bars_.empty()) return;
  const TileGrid grid = picture_tiles(scene_.height, scene_.width);
  StreakPlanes& planes = scene_.streaks;
  planes.lists = lend(streak_bins_, streak_starts_, streak_shapes_);
  planes.across = grid.across();
  planes.sums = planes_.reserve(StreakPlanes::numbers(grid));
  planes.marks = marks_.reserve(StreakPlanes::stretches(grid));
  pluvia::draw_streaks(device_, {grid, planes, device_bars_.lend(bars_), depth_});
}

void FrameWork::build_scales(const FrameOrder& order, std::span<const Lobe> lobes) {
  const int lanes = order.params.physical ? 8 : 4;
  const int first = finest_level(lobes, order.camera.focal_px, blur_.grid.scale);
  levels_ = LightLevels::of(scene_.height, scene_.width, first, lanes);
  levels_.texels =
      texels_.reserve(static_cast<std::size_t>(levels_.starts[levels_.last + 1] * lanes));
  build_levels(device_, {gather_tiles(levels_), scene_, order.params.sky_gain, levels_});
}

void FrameWork::draw_pane(const FrameOrder& order, std::span<const Lobe> lobes) {
  const PaneGrid& pane = blur_.grid;
  const TileGrid grid = pane_tiles(pane);
  const auto box_on_pane = [&](const Lobe& lobe, int more) {
    const Box box = reach_of(lobe, 0);
    const double scale = pane.scale;
    return Box{box.x0 / scale + pane.margin - more - 1, box.y0 / scale + pane.margin - more - 1,
               box.x1 / scale + pane.margin + more + 1, box.y1 / scale + pane.margin + more + 1};
  };
  lobe_bins_.build(grid, lobes.size(), [&](std::size_t i) { return box_on_pane(lobes[i], 0); });
  GlassArgs args;
  args.grid = grid;
  args.pane = pane;
  args.lists = lend(lobe_bins_, lobe_starts_, lobe_shapes_);
  args.lobes = lobes_.lend(lobes);
  args.scene = levels_;
  args.focal_px = static_cast<float>(order.camera.focal_px);
  args.centre_x = 0.5F * static_cast<float>(scene_.width);
  args.centre_y = 0.5F * static_cast<float>(scene_.height);
  const int planes = pane_planes(levels_.lanes);
  const auto numbers = static_cast<std::size_t>(planes * pane.numbers());
  args.planes = sharp_pane_.reserve(numbers);
  draw_glass(device_, args);
  pane_ = {args.planes, pane, {}};
  if (blur_.taps.size() > 1) {
    blur_bins_.build(grid, lobes.size(),
                     [&](std::size_t i) { return box_on_pane(lobes[i], blur_.reach); });
    GlassBlurArgs blur{grid,
                       pane,
                       planes,
                       taps_.lend(blur_.taps),
                       static_cast<int>(blur_.taps.size()),
                       blur_.reach,
                       lend(blur_bins_, blur_starts_, blur_shapes_),
                       args.planes,
                       soft_pane_.reserve(numbers)};
    blur_glass(device_, blur);
    pane_.planes = blur.to;
  }
}

void FrameWork::add_glass(const FrameOrder& order) {
  pane_ = {};
  const std::span<const Lobe> lobes = order.lobes;
  if (lobes.empty()) return;
  blur_ = PaneBlur::of(scene_.height, scene_.width,
                       static_cast<float>(order.params.lens.blur_px(order.params.glass.distance_m,
                                                                    order.camera.focal_px)));
  build_scales(order, lobes);
  draw_pane(order, lobes);
  const double more = blur_.grid.scale * (blur_.reach + 2);
  pane_bins_.build(picture_tiles(scene_.height, scene_.width), lobes.size(),
                   [&](std::size_t i) { return reach_of(lobes[i], more); });
  pane_.lists = lend(pane_bins_, pane_starts_, pane_shapes_);
}

LayerPixels FrameWork::place_layers(bool streak_rgb, FrameLayers& out) {
  const auto pixels =
      static_cast<std::size_t>(scene_.height) * static_cast<std::size_t>(scene_.width);
  for (const LayerSpec& layer : all_layers()) {
    const bool wanted = layer.layer == Layer::kLq || layer.layer == Layer::kGt ||
                        layer.layer == Layer::kDrop || layer.layer == Layer::kMask ||
                        layer.layer == Layer::kStreak ||
                        (layer.layer == Layer::kStreakRgb && streak_rgb);
    out.of(layer.layer).resize(wanted ? pixels * layer.pixel_bytes() : 0);
  }
  const auto place = [&](Layer layer) {
    if (device_.kind == DeviceKind::kCpu) return bytes(out, layer);
    return layer_bytes_[static_cast<std::size_t>(layer)].reserve(out.of(layer).size());
  };
  LayerPixels to{place(Layer::kLq), place(Layer::kDrop), place(Layer::kMask), place(Layer::kStreak),
                 nullptr};
  if (streak_rgb) to.streak_rgb = reinterpret_cast<std::int16_t*>(place(Layer::kStreakRgb));
  return to;
}

void FrameWork::fetch_layers(FrameLayers& out) {
  if (device_.kind == DeviceKind::kCpu) return;
  for (const Layer layer :
       {Layer::kLq, Layer::kDrop, Layer::kMask, Layer::kStreak, Layer::kStreakRgb}) {
    if (out.of(layer).empty()) continue;
    layer_bytes_[static_cast<std::size_t>(layer)].download(
        {bytes(out, layer), out.of(layer).size()});
  }
}

void FrameWork::render(const FrameOrder& order, bool streak_rgb, FrameLayers& out) {
  const RainParams& params = order.params;
  const bool rains = order.field.rate_mm_h > 0;
  place_scene(order);
  if (params.physical) {
    add_veil(order);
    if (rains || scene_.veil.table != nullptr) add_environment(order);
  }
  draw_streaks();
  add_glass(order);
  const TileGrid grid = picture_tiles(scene_.height, scene_.width);
  const LayerPixels to = place_layers(streak_rgb, out);
  if (params.physical) {
    add_flicker(order);
    const SensorNoise noise{params.noise_shot, params.noise_read, order.key.seed, order.key.clip,
                            frame_bits(order.frame.time_s)};
    compose_physical(device_, {grid, scene_, pane_, noise, to});
  } else {
    BrightnessView around{nullptr, bright_blocks_along(scene_.height),
                          bright_blocks_along(scene_.width)};
    float* const blocks = brightness_.reserve(static_cast<std::size_t>(around.down) *
                                              static_cast<std::size_t>(around.across));
    measure_brightness(device_, {scene_.clean, scene_.height, scene_.width, blocks});
    around.blocks = blocks;
    compose_vrds(device_, {grid, scene_, pane_, params.tone, around, to});
  }
  constexpr std::int64_t kCopied = 1 << 18;
  parallel_for(static_cast<std::int64_t>(out.of(Layer::kGt).size()), kCopied,
               [&](std::int64_t begin, std::int64_t end) {
                 std::memcpy(out.of(Layer::kGt).data() + begin,
                             order.frame.clean.pixels().data() + begin,
                             static_cast<std::size_t>(end - begin));
               });
  fetch_layers(out);
}

std::unique_ptr<FrameWork> FrameWorks::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<FrameWork> work = std::move(idle_.back());
      idle_.pop_back();
      return work;
    }
  }
  return std::make_unique<FrameWork>(device_);
}

void FrameWorks::give_back(std::unique_ptr<FrameWork> work) {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(work));
}

std::shared_ptr<const Medium> FrameWorks::medium(const RainParams& params, const RainKey& key,
                                                 const RainField& field, double focal_px) {
  const std::scoped_lock lock(mutex_);
  if (medium_ == nullptr || medium_->focal_px != focal_px) {
    const Rainfall fall = Rainfall::of(field, focal_px);
    const VeilField fine{params.q_ext, params.mist_per_km, field.min_width_px, focal_px};
    Medium made{focal_px, fall, Veil(fall.sizes, fine), {}, {}};
    if (params.physical && field.rate_mm_h > 0 && params.q_ext > 0) {
      made.flicker = FlickerTable(fall.sizes, fine, field.near_m, params.lens);
      made.flicker_texture = flicker_texture(made.flicker, key);
    }
    medium_ = std::make_shared<const Medium>(std::move(made));
  }
  return medium_;
}

}  // namespace pluvia::synth
