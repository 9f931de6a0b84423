// SPDX-License-Identifier: Apache-2.0
// Drops on the glass found by their quiet, and filled from around them. Inside a drop the picture
// hardly changes from frame to frame, while around it streaks fall and the scene moves: pixels
// whose mean change over the window is far below their neighbourhood's are taken for a drop. They
// are filled by averages of what lies around at growing scales (Gortler et al. 1996, "push and
// pull"): smooth colour, no texture. A quiet wall seen by a camera that stands still is smeared as
// well; a clip of one frame is left as it is.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/methods/methods.h"
#include "models/methods/planes.h"

namespace pluvia {
namespace {

constexpr float kQuiet = 0.45F;       ///< of the neighbourhood's mean change
constexpr float kLeast = 1.0F / 255;  ///< where everything is quiet nothing is a drop

/// Colours with the share of them that is known.
struct Known {
  Plane colour[3];
  Plane weight;
};

Known halved_known(const Known& from) {
  Known out;
  out.weight = halved(from.weight);
  for (std::size_t c = 0; c < 3; ++c) {
    Plane weighted = from.colour[c];
    for (std::size_t i = 0; i < weighted.values.size(); ++i) {
      weighted.values[i] *= from.weight.values[i];
    }
    out.colour[c] = halved(weighted);
    for (std::size_t i = 0; i < out.weight.values.size(); ++i) {
      const float w = out.weight.values[i];
      out.colour[c].values[i] = w > 0 ? out.colour[c].values[i] / w : 0;
    }
  }
  return out;
}

/// Bilinear between the centres of a picture of half the size.
float doubled_at(const Plane& half, int y, int x) {
  const float v = std::max(0.0F, 0.5F * static_cast<float>(y) - 0.25F);
  const float u = std::max(0.0F, 0.5F * static_cast<float>(x) - 0.25F);
  const int y0 = std::min(static_cast<int>(v), half.height - 1);
  const int x0 = std::min(static_cast<int>(u), half.width - 1);
  const int y1 = std::min(y0 + 1, half.height - 1);
  const int x1 = std::min(x0 + 1, half.width - 1);
  const float fy = v - static_cast<float>(y0);
  const float fx = u - static_cast<float>(x0);
  const float top = half.at(y0, x0) + (half.at(y0, x1) - half.at(y0, x0)) * fx;
  const float bottom = half.at(y1, x0) + (half.at(y1, x1) - half.at(y1, x0)) * fx;
  return top + (bottom - top) * fy;
}

void fill(Known& known) {
  if (known.weight.height <= 1 && known.weight.width <= 1) return;
  Known coarse = halved_known(known);
  fill(coarse);
  for (int y = 0; y < known.weight.height; ++y) {
    for (int x = 0; x < known.weight.width; ++x) {
      float& weight = known.weight.at(y, x);
      if (weight >= 1) continue;
      for (Plane& colour : known.colour) {
        float& value = colour.at(y, x);
        const std::size_t c = static_cast<std::size_t>(&colour - known.colour);
        value = weight * value + (1 - weight) * doubled_at(coarse.colour[c], y, x);
      }
      weight = 1;
    }
  }
}

class DropInpaint final : public Method {
 public:
  const MethodInfo& info() const override { return info_; }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    PLUVIA_CHECK(rainy.same_size(clean), rainy.count(), " ", clean.count());
    std::copy_n(rainy.data, rainy.count(), clean.data);
    if (rainy.frames < 3) return;
    const Plane drops = quiet_places(rainy);
    for (int t = 0; t < rainy.frames; ++t) fill_frame(rainy, clean, drops, t);
  }

 private:
  /// 1 where a drop is taken to be.
  static Plane quiet_places(const FramesView<const float>& rainy) {
    Plane change(rainy.height, rainy.width);
    Plane before = luma_of(rainy, 0);
    for (int t = 1; t < rainy.frames; ++t) {
      Plane now = luma_of(rainy, t);
      for (std::size_t i = 0; i < change.values.size(); ++i) {
        change.values[i] +=
            std::abs(now.values[i] - before.values[i]) / static_cast<float>(rainy.frames - 1);
      }
      before = std::move(now);
    }
    const Plane here = box_mean(change, std::max(1, rainy.width / 320));
    const Plane around = box_mean(change, std::max(4, rainy.width / 16));
    Plane quiet(rainy.height, rainy.width);
    for (std::size_t i = 0; i < quiet.values.size(); ++i) {
      const float reference = around.values[i];
      quiet.values[i] = reference > kLeast && here.values[i] < kQuiet * reference ? 1.0F : 0.0F;
    }
    const int grow = std::max(1, rainy.width / 240);
    return running_max(running_max(quiet, grow, Along::kRows), grow, Along::kColumns);
  }

  static void fill_frame(const FramesView<const float>& rainy, const FramesView<float>& clean,
                         const Plane& drops, int t) {
    const std::size_t plane = drops.values.size();
    const std::size_t first = static_cast<std::size_t>(t) * 3 * plane;
    Known known;
    known.weight = drops;
    for (float& w : known.weight.values) w = 1 - w;
    for (std::size_t c = 0; c < 3; ++c) {
      known.colour[c] = Plane(rainy.height, rainy.width);
      std::copy_n(rainy.data + first + c * plane, plane, known.colour[c].values.data());
    }
    fill(known);
    for (std::size_t c = 0; c < 3; ++c) {
      std::copy_n(known.colour[c].values.data(), plane, clean.data + first + c * plane);
    }
  }

  MethodInfo info_{"drop-inpaint", "quiet places taken for drops and filled from around them", 0, 1,
                   6};
};

}  // namespace

std::unique_ptr<Method> make_drop_inpaint() { return std::make_unique<DropInpaint>(); }

}  // namespace pluvia
