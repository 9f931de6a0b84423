// SPDX-License-Identifier: Apache-2.0
// An upper bound and no method: it sees the ground truth. Every frame's colours go through the
// affine map (3 by 4) that brings them nearest to the truth by least squares: all that recolouring,
// without looking at where a pixel is, could ever reach. A network that does not beat it has learnt
// a tint.
#include <array>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "models/methods/methods.h"

namespace pluvia {
namespace {

using Matrix = std::array<std::array<double, 4>, 4>;
using Column = std::array<double, 4>;

/// Solves by elimination with the largest pivot; directions without information get 0.
Column solve(Matrix a, Column b) {
  const double size = a[0][0] + a[1][1] + a[2][2] + a[3][3];
  std::array<bool, 4> used{};
  for (std::size_t k = 0; k < 4; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < 4; ++i) {
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    used[k] = std::abs(a[k][k]) > 1e-11 * size;
    if (!used[k]) continue;
    for (std::size_t i = 0; i < 4; ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < 4; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  Column x{};
  for (std::size_t k = 0; k < 4; ++k) x[k] = used[k] ? b[k] / a[k][k] : 0;
  return x;
}

class BestAffineColourFit final : public Method {
 public:
  BestAffineColourFit() { info_.sees_truth = true; }
  const MethodInfo& info() const override { return info_; }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    PLUVIA_CHECK(rainy.channels == 6 && clean.channels == 3 && rainy.frames == clean.frames,
                 rainy.channels, " ", clean.channels);
    const auto plane =
        static_cast<std::size_t>(rainy.height) * static_cast<std::size_t>(rainy.width);
    for (int t = 0; t < rainy.frames; ++t) {
      frame(rainy.data + static_cast<std::size_t>(t) * 6 * plane,
            clean.data + static_cast<std::size_t>(t) * 3 * plane, plane);
    }
  }

 private:
  static void frame(const float* seen, float* clean, std::size_t plane) {
    Matrix moments{};
    std::array<Column, 3> targets{};
    for (std::size_t i = 0; i < plane; ++i) {
      const Column p = {1, seen[i], seen[plane + i], seen[2 * plane + i]};
      for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t c = 0; c < 4; ++c) moments[r][c] += p[r] * p[c];
        for (std::size_t c = 0; c < 3; ++c) {
          targets[c][r] += p[r] * static_cast<double>(seen[(3 + c) * plane + i]);
        }
      }
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const Column map = solve(moments, targets[c]);
      for (std::size_t i = 0; i < plane; ++i) {
        clean[c * plane + i] =
            static_cast<float>(map[0] + map[1] * static_cast<double>(seen[i]) +
                               map[2] * static_cast<double>(seen[plane + i]) +
                               map[3] * static_cast<double>(seen[2 * plane + i]));
      }
    }
  }

  MethodInfo info_{"best-affine-colour-fit",
                   "upper bound that sees the truth: the best affine map of each frame's colours"};
};

}  // namespace

std::unique_ptr<Method> make_best_affine_colour_fit() {
  return std::make_unique<BestAffineColourFit>();
}

}  // namespace pluvia
