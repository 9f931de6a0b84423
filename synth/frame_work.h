// SPDX-License-Identifier: Apache-2.0
// The stages of one frame, in the order of light, with the memory they work in: environment, veil,
// streaks, the scene at all scales, drops on the pane, layers. The host finds which shapes there
// are and where; kernels of synth/effects do all work on pixels, on the CPU or a GPU.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/clip.h"
#include "core/device_array.h"
#include "synth/camera.h"
#include "synth/effects/assumed_depth.h"
#include "synth/effects/compose.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/light_pyramid.h"
#include "synth/rain_settings.h"
#include "synth/scene.h"

namespace pluvia::synth {

/// What a clip's rain is made of as a focal length shows it.
struct Medium {
  double focal_px = 0;
  Rainfall fall;
  Veil veil;
  FlickerTable flicker;
  std::vector<float> flicker_texture;  ///< empty: no flicker
};

/// What one frame is rendered from.
struct FrameOrder {
  const RainParams& params;
  const RainKey& key;
  const SceneFrame& frame;
  const Camera& camera;
  const Medium& medium;
  RainField field;              ///< with widths for the frame's size
  std::span<const Lobe> lobes;  ///< the drops on the pane
};

class FrameWork {
 public:
  explicit FrameWork(const Device& device);

  /// Before render(); needs no drops.
  void find_streaks(const FrameOrder& order);
  void render(const FrameOrder& order, bool streak_rgb, FrameLayers& out);

 private:
  void place_scene(const FrameOrder& order);
  void add_environment(const FrameOrder& order);
  void add_veil(const FrameOrder& order);
  void add_flicker(const FrameOrder& order);
  void draw_streaks();
  void add_glass(const FrameOrder& order);
  void build_scales(const FrameOrder& order, std::span<const Lobe> lobes);
  void draw_pane(const FrameOrder& order, std::span<const Lobe> lobes);
  LayerPixels place_layers(bool streak_rgb, FrameLayers& out);
  void fetch_layers(FrameLayers& out);

  Device device_;
  SceneLight scene_;
  DepthView depth_;
  PaneView pane_;
  LightLevels levels_;

  AssumedDepth assumed_;
  std::vector<float> row_transmissions_;
  std::vector<float> column_transmissions_;
  std::vector<float> row_deviations_;
  std::vector<float> column_deviations_;
  std::vector<std::int32_t> flicker_starts_;
  std::vector<BlockLight> host_blocks_;
  std::vector<StreakBar> bars_;
  PaneBlur blur_;
  TileBins streak_bins_;
  TileBins lobe_bins_;
  TileBins blur_bins_;
  TileBins pane_bins_;

  DeviceArray<Veil> veil_;
  DeviceArray<FlickerTable> flicker_;
  DeviceArray<std::int32_t> flicker_places_;
  DeviceArray<std::uint8_t> clean_, marks_;
  DeviceArray<float> depth_map_, depth_rows_, depth_columns_, through_rows_, through_columns_,
      flicker_noise_, flicker_rows_, flicker_columns_;
  DeviceArray<BlockLight> blocks_;
  DeviceArray<float> nodes_, brightness_, planes_, texels_, sharp_pane_, soft_pane_;
  DeviceArray<StreakBar> device_bars_;
  DeviceArray<Lobe> lobes_;
  DeviceArray<BlurTap> taps_;
  DeviceArray<std::uint32_t> streak_starts_, streak_shapes_, lobe_starts_, lobe_shapes_,
      blur_starts_, blur_shapes_, pane_starts_, pane_shapes_;
  DeviceArray<std::uint8_t> layer_bytes_[kLayerCount];
  std::vector<float> host_nodes_;
};

/// The works of one renderer: as many as frames are in the making at once.
class FrameWorks {
 public:
  explicit FrameWorks(const Device& device) : device_(device) {}

  std::unique_ptr<FrameWork> take();
  void give_back(std::unique_ptr<FrameWork> work);
  /// Made once for each focal length; the last one is kept.
  std::shared_ptr<const Medium> medium(const RainParams& params, const RainKey& key,
                                       const RainField& field, double focal_px);

 private:
  Device device_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<FrameWork>> idle_;
  std::shared_ptr<const Medium> medium_;
};

}  // namespace pluvia::synth
