// SPDX-License-Identifier: Apache-2.0
// A deraining method: rainy frames in, clean frames out. Networks, classical baselines and programs
// of others all stand behind this; what drives them (tiles, windows, protocols) knows no more.
//
// Frames are float32 RGB in 0..1, planar (T,3,H,W): what networks take and .npy files hold.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/tiling.h"

namespace pluvia {

/// A non-owning block of frames, contiguous (T,C,H,W).
template <typename T>
struct FramesView {
  T* data = nullptr;
  int frames = 0;
  int channels = 0;
  int height = 0;
  int width = 0;

  std::size_t count() const {
    return static_cast<std::size_t>(frames) * static_cast<std::size_t>(channels) *
           static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  std::span<T> values() const { return {data, count()}; }
  template <typename U>
  bool same_size(const FramesView<U>& other) const {
    return frames == other.frames && channels == other.channels && height == other.height &&
           width == other.width;
  }
};

struct MethodInfo {
  std::string name;
  std::string help;
  int window_frames = 0;   ///< frames it wants at a time; 0: any number
  int size_multiple = 1;   ///< heights and widths it takes are multiples of this
  int context_frames = 0;  ///< frames on each side that its result for a frame depends on
  int least_size = 1;      ///< heights and widths are at least this
  int tile_px = 0;         ///< side of tiles that keep its memory bounded; 0: whole pictures
  /// Windows and tiles of its paper's test, joined by the mean over time and by cutting off the
  /// outer half of overlaps in space. Nothing: whole pictures.
  std::optional<TilePlan> paper_tiles = {};
  /// An upper bound and no method: `rainy` has six channels, the last three the ground truth.
  bool sees_truth = false;
  /// What it also predicts, each with its number of channels: "streak" 1, "mask" 1, "drop" 3. Their
  /// planes follow the three of the clean frame in `clean`.
  std::vector<std::pair<std::string, int>> layers = {};

  int channels_in() const { return sees_truth ? 6 : 3; }
  int channels_out() const {
    int channels = 3;
    for (const auto& layer : layers) channels += layer.second;
    return channels;
  }
};

class Method {
 public:
  virtual ~Method() = default;
  virtual const MethodInfo& info() const = 0;
  /// Fills `clean`, of as many frames and pixels as `rainy` and channels_out() channels. Keeps
  /// nothing from one call to the next, so the order of windows does not matter.
  virtual void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) = 0;
};

/// A method that somebody else keeps, because it is costly to make.
class LentMethod final : public Method {
 public:
  explicit LentMethod(Method& method) : method_(method) {}
  const MethodInfo& info() const override { return method_.info(); }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    method_.derain(rainy, clean);
  }

 private:
  Method& method_;
};

}  // namespace pluvia
