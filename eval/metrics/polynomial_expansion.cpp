// SPDX-License-Identifier: Apache-2.0
// The normal equations of the basis (1, x, y, x^2, y^2, xy) under separable even weights split: x,
// y and xy are orthogonal to all others, and (1, x^2, y^2) give a 3x3 system whose inverse has only
// two different entries that matter.
#include "eval/metrics/polynomial_expansion.h"

#include <array>
#include <vector>

#include "eval/metrics/filters.h"

namespace pluvia {
namespace {

constexpr int kRadius = 5;
constexpr double kSigma = 1.2;

struct Basis {
  std::vector<double> g = gaussian_taps(2 * kRadius + 1, kSigma);
  std::vector<double> xg = g;
  std::vector<double> xxg = g;
  double linear = 0;    // 1 / sum w x^2
  double square = 0;    // inverse of the system of (1, x^2, y^2): entry (x^2, x^2)
  double constant = 0;  // the same: entry (1, x^2)
  double mixed = 0;     // 1 / sum w x^2 y^2

  Basis() {
    double m2 = 0;
    double m4 = 0;
    for (int i = 0; i < 2 * kRadius + 1; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double x = i - kRadius;
      xg[k] = x * g[k];
      xxg[k] = x * x * g[k];
      m2 += xxg[k];
      m4 += x * x * xxg[k];
    }
    // [[1, m2, m2], [m2, m4, m2^2], [m2, m2^2, m4]]: eliminating the first unknown leaves
    // (m4 - m2^2) on the diagonal and 0 beside it.
    linear = 1 / m2;
    mixed = 1 / (m2 * m2);
    square = 1 / (m4 - m2 * m2);
    constant = -m2 * square;
  }
};

// Correlation with `down` along columns and `across` along rows, borders replicated.
Image<double> correlated(ImageView<const double> plane, const std::vector<double>& down,
                         const std::vector<double>& across) {
  const int height = plane.height();
  const int width = plane.width();
  Image<double> vertical(height, width, 1);
  Image<double> out(height, width, 1);
  for (int y = 0; y < height; ++y) {
    const auto to = vertical.view().row(y);
    std::fill(to.begin(), to.end(), 0.0);
    for (int k = -kRadius; k <= kRadius; ++k) {
      const auto from = plane.row(border_index(y + k, height, Border::kReplicate));
      const double tap = down[static_cast<std::size_t>(k + kRadius)];
      for (std::size_t x = 0; x < to.size(); ++x) to[x] += tap * from[x];
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int k = -kRadius; k <= kRadius; ++k) {
        sum += across[static_cast<std::size_t>(k + kRadius)] *
               vertical.view().at(y, border_index(x + k, width, Border::kReplicate));
      }
      out.view().at(y, x) = sum;
    }
  }
  return out;
}

}  // namespace

Image<double> polynomial_expansion(ImageView<const double> plane) {
  static const Basis kBasis;
  const Image<double> one = correlated(plane, kBasis.g, kBasis.g);
  const std::array<Image<double>, 5> moments = {
      correlated(plane, kBasis.xg, kBasis.g), correlated(plane, kBasis.g, kBasis.xg),
      correlated(plane, kBasis.xxg, kBasis.g), correlated(plane, kBasis.g, kBasis.xxg),
      correlated(plane, kBasis.xg, kBasis.xg)};
  const std::array<double, 5> scale = {kBasis.linear, kBasis.linear, kBasis.square, kBasis.square,
                                       kBasis.mixed};
  Image<double> out(plane.height(), plane.width(), 5);
  for (std::size_t i = 0; i < one.pixels().size(); ++i) {
    for (std::size_t c = 0; c < 5; ++c) {
      const double level = c == 2 || c == 3 ? kBasis.constant * one.pixels()[i] : 0;
      out.pixels()[i * 5 + c] = level + scale[c] * moments[c].pixels()[i];
    }
  }
  return out;
}

}  // namespace pluvia
