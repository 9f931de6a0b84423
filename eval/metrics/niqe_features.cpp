// SPDX-License-Identifier: Apache-2.0
// Features of NIQE (Mittal, Soundararajan, Bovik, "Making a 'Completely Blind' Image Quality
// Analyzer", 2013): parameters of generalised Gaussians fitted to locally normalised luma
// n = (y - mu)/(sigma + 1) and to products of neighbours, in blocks of 96 at full size and of 48 at
// half size (bicubic, antialiased). |n| below 1e-9 counts as 0, so that flat areas, where the sign
// of rounding noise would decide, give the same on every machine.
#include <cmath>

#include "core/error.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/niqe_model.h"

namespace pluvia {
namespace {

constexpr int kBlockPx = 96;
constexpr double kFirstShape = 0.2;
constexpr double kShapeStep = 0.001;
constexpr int kShapes = 9801;

struct Normalised {
  Image<double> n;
  Image<double> sigma;
};

Normalised normalised(ImageView<const double> y) {
  const std::vector<double> taps = gaussian_taps(7, 7.0 / 6);
  Image<double> squares(y.height(), y.width(), 1);
  for (int row = 0; row < y.height(); ++row) {
    for (int x = 0; x < y.width(); ++x) squares.view().at(row, x) = y.at(row, x) * y.at(row, x);
  }
  const Image<double> mean = filter_plane(y, taps, Border::kReplicate);
  const Image<double> power = filter_plane(squares.view(), taps, Border::kReplicate);
  Normalised out{Image<double>(y.height(), y.width(), 1), Image<double>(y.height(), y.width(), 1)};
  for (int row = 0; row < y.height(); ++row) {
    for (int x = 0; x < y.width(); ++x) {
      const double mu = mean.view().at(row, x);
      const double sigma = std::sqrt(std::abs(power.view().at(row, x) - mu * mu));
      const double n = (y.at(row, x) - mu) / (sigma + 1);
      out.sigma.view().at(row, x) = sigma;
      out.n.view().at(row, x) = std::abs(n) < 1e-9 ? 0 : n;
    }
  }
  return out;
}

// Half size: the cubic of a = -0.5 stretched twofold, border symmetric.
Image<double> halved(ImageView<const double> y) {
  const auto cubic = [](double x) {
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;
  };
  std::array<double, 8> taps{};
  double total = 0;
  for (int i = 0; i < 8; ++i) {
    taps[static_cast<std::size_t>(i)] = cubic(std::abs(i - 3.5) / 2);
    total += taps[static_cast<std::size_t>(i)];
  }
  for (double& tap : taps) tap /= total;
  Image<double> down(y.height() / 2, y.width(), 1);
  for (int row = 0; row < down.height(); ++row) {
    for (int x = 0; x < y.width(); ++x) {
      double sum = 0;
      for (int i = 0; i < 8; ++i) {
        sum += taps[static_cast<std::size_t>(i)] *
               y.at(border_index(2 * row + i - 3, y.height(), Border::kSymmetric), x);
      }
      down.view().at(row, x) = sum;
    }
  }
  Image<double> out(y.height() / 2, y.width() / 2, 1);
  for (int row = 0; row < out.height(); ++row) {
    for (int x = 0; x < out.width(); ++x) {
      double sum = 0;
      for (int i = 0; i < 8; ++i) {
        sum += taps[static_cast<std::size_t>(i)] *
               down.view().at(row, border_index(2 * x + i - 3, y.width(), Border::kSymmetric));
      }
      out.view().at(row, x) = sum;
    }
  }
  return out;
}

struct Asymmetric {
  double shape = 0;
  double left = 0;
  double right = 0;
  double mean = 0;
};

const std::vector<double>& ratio_of_shapes() {
  static const std::vector<double> kRatios = [] {
    std::vector<double> ratios;
    for (int i = 0; i < kShapes; ++i) {
      const double a = kFirstShape + i * kShapeStep;
      const double g2 = std::tgamma(2 / a);
      ratios.push_back(g2 * g2 / (std::tgamma(1 / a) * std::tgamma(3 / a)));
    }
    return ratios;
  }();
  return kRatios;
}

// The ratios grow with the shape: the nearest one is found by bisection.
int nearest_shape(double ratio) {
  const std::vector<double>& all = ratio_of_shapes();
  const auto above = std::lower_bound(all.begin(), all.end(), ratio);
  if (above == all.begin()) return 0;
  if (above == all.end()) return kShapes - 1;
  const bool below_is_nearer = ratio - *(above - 1) <= *above - ratio;
  return static_cast<int>(above - all.begin()) - (below_is_nearer ? 1 : 0);
}

struct SampleSums {
  double left = 0, right = 0, magnitude = 0;
  std::int64_t lefts = 0, rights = 0, count = 0;

  void add(double x) {
    magnitude += std::abs(x);
    ++count;
    if (x < 0) {
      left += x * x;
      ++lefts;
    } else if (x > 0) {
      right += x * x;
      ++rights;
    }
  }
};

// Moment matching of an asymmetric generalised Gaussian. NaN where a side has no samples.
Asymmetric fitted(const SampleSums& s) {
  const double left = std::sqrt(s.left / static_cast<double>(s.lefts));
  const double right = std::sqrt(s.right / static_cast<double>(s.rights));
  const double g = left / right;
  const double n = static_cast<double>(s.count);
  const double mean_magnitude = s.magnitude / n;
  const double r = mean_magnitude * mean_magnitude / ((s.left + s.right) / n);
  const double ratio = r * (g * g * g + 1) * (g + 1) / ((g * g + 1) * (g * g + 1));
  if (std::isnan(ratio)) return {ratio, ratio, ratio, ratio};
  const double shape = kFirstShape + nearest_shape(ratio) * kShapeStep;
  const double g1 = std::tgamma(1 / shape);
  const double width = std::sqrt(g1 / std::tgamma(3 / shape));
  const double mean = (right - left) * width * std::tgamma(2 / shape) / g1;
  return {shape, left * width, right * width, mean};
}

// Eighteen numbers: the block itself, then its products with four neighbours, circular inside it.
void block_features(ImageView<const double> n, double* out) {
  constexpr std::array<std::array<int, 2>, 4> kShifts = {{{0, 1}, {1, 0}, {1, 1}, {1, -1}}};
  SampleSums own;
  for (int y = 0; y < n.height(); ++y) {
    for (const double v : n.row(y)) own.add(v);
  }
  const Asymmetric self = fitted(own);
  out[0] = self.shape;
  out[1] = (self.left + self.right) / 2;
  for (std::size_t s = 0; s < kShifts.size(); ++s) {
    SampleSums products;
    for (int y = 0; y < n.height(); ++y) {
      const int from_y = (y - kShifts[s][0] + n.height()) % n.height();
      for (int x = 0; x < n.width(); ++x) {
        const int from_x = (x - kShifts[s][1] + n.width()) % n.width();
        products.add(n.at(y, x) * n.at(from_y, from_x));
      }
    }
    const Asymmetric pair = fitted(products);
    double* const to = out + 2 + 4 * s;
    to[0] = pair.shape;
    to[1] = pair.mean;
    to[2] = pair.left;
    to[3] = pair.right;
  }
}

double mean_of_block(ImageView<const double> block) {
  double sum = 0;
  for (int y = 0; y < block.height(); ++y) {
    for (const double v : block.row(y)) sum += v;
  }
  return sum / (block.height() * block.width());
}

}  // namespace

NiqeBlocks niqe_blocks(ImageView<const double> luma) {
  const int rows = luma.height() / kBlockPx;
  const int columns = luma.width() / kBlockPx;
  if (rows * columns < 2) {
    fail("NIQE: the picture is ", luma.width(), "x", luma.height(),
         ", needs room for at least two ", "blocks of ", kBlockPx, "x", kBlockPx);
  }
  const ImageView<const double> whole = luma.crop(0, 0, rows * kBlockPx, columns * kBlockPx);
  const Normalised full = normalised(whole);
  const Image<double> small = halved(whole);
  const Normalised half = normalised(small.view());
  NiqeBlocks blocks;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const int y = r * kBlockPx;
      const int x = c * kBlockPx;
      NiqeFeatures features{};
      block_features(full.n.view().crop(y, x, kBlockPx, kBlockPx), features.data());
      block_features(half.n.view().crop(y / 2, x / 2, kBlockPx / 2, kBlockPx / 2),
                     features.data() + kNiqeFeatures / 2);
      blocks.features.push_back(features);
      blocks.sharpness.push_back(mean_of_block(full.sigma.view().crop(y, x, kBlockPx, kBlockPx)));
    }
  }
  return blocks;
}

}  // namespace pluvia
