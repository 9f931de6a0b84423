// SPDX-License-Identifier: Apache-2.0
#include "core/clip.h"

#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::array<LayerSpec, kLayerCount> kSpecs = {{
    {Layer::kLq, "lq", DType::kU8, 3, "rainy input"},
    {Layer::kGt, "gt", DType::kU8, 3, "clean ground truth"},
    {Layer::kStreak, "streak", DType::kU8, 1, "rain streak intensity"},
    {Layer::kMask, "mask", DType::kU8, 1, "raindrop coverage after defocus, 255 x coverage"},
    {Layer::kDrop, "drop", DType::kU8, 3, "the frame without streaks: raindrops stay"},
    {Layer::kStreakRgb, "streak_rgb", DType::kI16, 3, "lq - drop"},
    {Layer::kDepth, "depth", DType::kF16, 1, "distance in metres, sky = inf"},
    {Layer::kFlow, "flow", DType::kF16, 2, "motion to the next frame in pixels"},
}};

}  // namespace

std::size_t size_of(DType type) { return type == DType::kU8 ? 1 : 2; }

const LayerSpec& spec(Layer layer) { return kSpecs[static_cast<std::size_t>(layer)]; }

std::span<const LayerSpec, kLayerCount> all_layers() { return kSpecs; }

std::optional<Layer> layer_by_name(std::string_view name) {
  for (const LayerSpec& entry : kSpecs) {
    if (name == entry.name) return entry.layer;
  }
  return std::nullopt;
}

std::vector<Layer> LayerSet::list() const {
  std::vector<Layer> out;
  for (const LayerSpec& entry : kSpecs) {
    if (has(entry.layer)) out.push_back(entry.layer);
  }
  return out;
}

std::string LayerSet::names() const {
  std::vector<std::string> names;
  for (const Layer layer : list()) names.emplace_back(spec(layer).name);
  return join(names, ",");
}

}  // namespace pluvia
