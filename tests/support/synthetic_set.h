// SPDX-License-Identifier: Apache-2.0
// Small sets whose every value follows from a formula, in formation `vrds`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/clip.h"
#include "datasets/store/set_writer.h"

namespace pluvia::test {

inline std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

inline ClipInfo synthetic_info(const std::string& id, int frames, int height, int width) {
  ClipInfo info;
  info.id = id;
  info.frames = frames;
  info.height = height;
  info.width = width;
  info.fps = 25;
  info.layers = {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  info.split = "train";
  info.source = "formula-" + id;
  info.seed = mix(static_cast<std::uint32_t>(std::hash<std::string>{}(id)));
  info.rain = "{\"rate_mm_h\":25}";
  return info;
}

/// lq = min(255, drop + streak), drop = gt outside mask, no streak within: what `verify` holds
/// rendered sets to.
inline FrameLayers synthetic_frame(const ClipInfo& info, int t) {
  FrameLayers frame;
  const auto pixels = static_cast<std::size_t>(info.height) * static_cast<std::size_t>(info.width);
  for (const Layer layer : info.layers.list())
    frame.of(layer).resize(pixels * spec(layer).pixel_bytes());
  const auto seed = static_cast<std::uint32_t>(info.seed) + static_cast<std::uint32_t>(t) * 7919U;
  for (std::size_t p = 0; p < pixels; ++p) {
    const auto x = static_cast<std::uint32_t>(p % static_cast<std::size_t>(info.width));
    const auto y = static_cast<std::uint32_t>(p / static_cast<std::size_t>(info.width));
    const std::uint32_t mask =
        mix(x / 16 + 1000 * (y / 16) + seed / 7) % 11 == 0 ? 128 + y % 128 : 0;
    const bool streaky = mix(x + seed) % 23 == 0 && mask < 255;
    const std::uint32_t streak = streaky ? 40 + mix(seed + x * 31 + y / 9) % 60 : 0;
    const auto put = [](std::vector<std::byte>& to, std::size_t i, std::uint32_t v) {
      to[i] = std::byte(v & 0xFF);
    };
    if (info.layers.has(Layer::kStreak)) put(frame.of(Layer::kStreak), p, streak);
    if (info.layers.has(Layer::kMask)) put(frame.of(Layer::kMask), p, mask);
    for (std::size_t c = 0; c < 3; ++c) {
      const auto channel = static_cast<std::uint32_t>(c);
      const std::uint32_t gt =
          (x * 2 + y * (channel + 1) + static_cast<std::uint32_t>(t) * 5 + mix(p & 0xFFFF) % 8) %
          200;
      const std::uint32_t drop = mask > 0 ? (gt + 255 - y % 256) / 2 : gt;
      if (info.layers.has(Layer::kGt)) put(frame.of(Layer::kGt), 3 * p + c, gt);
      if (info.layers.has(Layer::kDrop)) put(frame.of(Layer::kDrop), 3 * p + c, drop);
      if (info.layers.has(Layer::kLq))
        put(frame.of(Layer::kLq), 3 * p + c, std::min<std::uint32_t>(255, drop + streak));
    }
  }
  return frame;
}

inline SetOptions synthetic_options(const std::string& settings = "synthetic") {
  SetOptions options;
  options.formation = "vrds";
  options.title = "synthetic";
  options.recipe = "{\"name\":\"synthetic\"}";
  options.settings = settings;
  options.threads = 2;
  return options;
}

inline void write_clip(SetWriter& set, const ClipInfo& info) {
  const std::unique_ptr<ClipWriter> clip = set.begin(info);
  std::vector<FrameRow> rows;
  for (int t = 0; t < info.frames; ++t) {
    clip->add(synthetic_frame(info, t));
    FrameRow row;
    row.name = "frame" + std::to_string(t);
    row.time_s = t / 25.0;
    row.exposure_s = 0.008F;
    row.focal_px = 100;
    row.rain_mm_h = 25;
    row.position_m = {0, 1.5F, static_cast<float>(t)};
    rows.push_back(row);
  }
  clip->set_frames({true, true, true}, rows);
  clip->finish();
}

inline void write_set(const std::filesystem::path& path, const std::vector<ClipInfo>& clips,
                      const SetOptions& options = synthetic_options()) {
  SetWriter set(path, options);
  for (const ClipInfo& info : clips) {
    if (!set.has_clip(info.id)) write_clip(set, info);
  }
  set.commit();
}

}  // namespace pluvia::test
