// SPDX-License-Identifier: Apache-2.0
// The normal equations of the basis (1, x, y, x^2, y^2, xy) under separable even weights split: x,
// y and xy are orthogonal to all others, and (1, x^2, y^2) give a 3x3 system whose inverse has only
// two different entries that matter.
#include "eval/metrics/polynomial_expansion.h"

#include <array>
#include <span>
#include <vector>

#include "core/parallel.h"
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

using Taps = std::vector<double>;

/// Of one row, whose neighbours above and below are weighed first.
class RowFit {
 public:
  RowFit(ImageView<const double> plane, const Basis& basis) : plane_(plane), basis_(basis) {}

  void fit(int y, std::span<double> out) {
    for (int k = -kRadius; k <= kRadius; ++k) {
      const int from = border_index(y + k, plane_.height(), Border::kReplicate);
      rows_[static_cast<std::size_t>(k + kRadius)] = plane_.row(from).data();
    }
    const std::array<const Taps*, 3> down = {&basis_.g, &basis_.xg, &basis_.xxg};
    for (std::size_t i = 0; i < down.size(); ++i) {
      down_.resize(static_cast<std::size_t>(plane_.width()));
      weigh_rows(rows_.data(), *down[i], down_.data(), plane_.width());
      padded_[i].resize(down_.size() + 2 * kRadius);
      pad_row<double>(down_, 1, kRadius, Border::kReplicate, padded_[i].data());
    }
    across(0, basis_.g, one_);
    across(1, basis_.g, moments_[0]);
    across(0, basis_.xg, moments_[1]);
    across(2, basis_.g, moments_[2]);
    across(0, basis_.xxg, moments_[3]);
    across(1, basis_.xg, moments_[4]);
    const std::array<double, 5> scale = {basis_.linear, basis_.linear, basis_.square, basis_.square,
                                         basis_.mixed};
    for (std::size_t x = 0; x < one_.size(); ++x) {
      for (std::size_t c = 0; c < 5; ++c) {
        const double level = c == 2 || c == 3 ? basis_.constant * one_[x] : 0;
        out[x * 5 + c] = level + scale[c] * moments_[c][x];
      }
    }
  }

 private:
  void across(std::size_t which, const Taps& taps, std::vector<double>& out) {
    for (std::size_t k = 0; k < rows_.size(); ++k) rows_[k] = padded_[which].data() + k;
    out.resize(static_cast<std::size_t>(plane_.width()));
    weigh_rows(rows_.data(), taps, out.data(), plane_.width());
  }

  ImageView<const double> plane_;
  const Basis& basis_;
  std::array<const double*, 2 * kRadius + 1> rows_{};
  std::vector<double> down_;
  std::array<std::vector<double>, 3> padded_;  ///< weighed by g, xg, xxg, borders replicated
  std::vector<double> one_;
  std::array<std::vector<double>, 5> moments_;
};

}  // namespace

Image<double> polynomial_expansion(ImageView<const double> plane) {
  static const Basis kBasis;
  constexpr int kGrain = 16;
  Image<double> out(plane.height(), plane.width(), 5);
  parallel_for(plane.height(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    RowFit fit(plane, kBasis);
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      fit.fit(y, out.view().row(y));
    }
  });
  return out;
}

}  // namespace pluvia
