// SPDX-License-Identifier: Apache-2.0
// Every moment is the filtered (moment x mask) divided by the filtered mask.
#include "eval/metrics/region_ssim.h"

#include "core/error.h"

namespace pluvia {
namespace {

Image<double> weighted_product(const Image<double>& weight, const Image<double>* a,
                               const Image<double>* b) {
  Image<double> out = weight.clone();
  for (std::size_t i = 0; i < out.pixels().size(); ++i) {
    if (a != nullptr) out.pixels()[i] *= a->pixels()[i];
    if (b != nullptr) out.pixels()[i] *= b->pixels()[i];
  }
  return out;
}

Image<double> weight_of(ImageView<const std::uint8_t> mask, int height, int width) {
  Image<double> weight(height, width, 1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      weight.view().at(y, x) = mask.empty() || mask.at(y, x) != 0 ? 1 : 0;
    }
  }
  return weight;
}

}  // namespace

MetricSum region_ssim_sum(const MetricInput& input, const SsimOptions& options) {
  const int height = input.reference.height();
  const int width = input.reference.width();
  const int radius = static_cast<int>(options.taps.size()) / 2;
  if (std::min(height, width) < 2 * radius + 1) {
    fail("SSIM: the picture is ", width, "x", height, ", smaller than its window of ",
         2 * radius + 1);
  }
  const double c1 = (0.01 * options.range) * (0.01 * options.range);
  const double c2 = (0.03 * options.range) * (0.03 * options.range);
  const double n = static_cast<double>(options.taps.size() * options.taps.size());
  const double scale = options.sample_covariance ? n / (n - 1) : 1;
  const Image<double> weight = weight_of(input.mask, height, width);
  const auto filtered = [&](const Image<double>* a, const Image<double>* b) {
    return filter_plane(weighted_product(weight, a, b).view(), options.taps, Border::kValid);
  };
  const Image<double> total = filtered(nullptr, nullptr);
  MetricSum sum;
  for (int c = 0; c < input.reference.channels(); ++c) {
    const Image<double> a = plane_of(input.reference, c);
    const Image<double> b = plane_of(input.prediction, c);
    const Image<double> ma = filtered(&a, nullptr);
    const Image<double> mb = filtered(&b, nullptr);
    const Image<double> aa = filtered(&a, &a);
    const Image<double> bb = filtered(&b, &b);
    const Image<double> ab = filtered(&a, &b);
    for (int y = 0; y < total.height(); ++y) {
      for (int x = 0; x < total.width(); ++x) {
        if (weight.view().at(y + radius, x + radius) == 0) continue;
        const double w = total.view().at(y, x);
        const double u = ma.view().at(y, x) / w;
        const double v = mb.view().at(y, x) / w;
        const double va = scale * (aa.view().at(y, x) / w - u * u);
        const double vb = scale * (bb.view().at(y, x) / w - v * v);
        const double cov = scale * (ab.view().at(y, x) / w - u * v);
        sum.sum += (2 * u * v + c1) * (2 * cov + c2) / ((u * u + v * v + c1) * (va + vb + c2));
        sum.count += 1;
      }
    }
  }
  return sum;
}

}  // namespace pluvia
