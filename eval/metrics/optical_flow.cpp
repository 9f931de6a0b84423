// SPDX-License-Identifier: Apache-2.0
// Around each pixel f(p) ~ p'Ap + b'p + c, fitted with Gaussian weights. If the second picture is
// the first moved by d, then b2 = b1 - 2 A d; with A the mean of both and b moved along by the flow
// known so far, 2x2 equations follow, whose sums over a window are solved for d.
#include "eval/metrics/optical_flow.h"

#include <array>
#include <cmath>
#include <vector>

#include "eval/metrics/color.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/polynomial_expansion.h"

namespace pluvia {
namespace {

constexpr int kLevels = 3;
constexpr int kSmallestPx = 32;
constexpr int kWindow = 15;
constexpr int kIterations = 3;

int rounded(double value) { return static_cast<int>(std::nearbyint(value)); }

// Bilinear, centres of pixels at halves, borders replicated; any number of channels.
Image<double> resized(ImageView<const double> in, int height, int width) {
  Image<double> out(height, width, in.channels());
  for (int y = 0; y < height; ++y) {
    const double at_y = std::clamp((y + 0.5) * in.height() / height - 0.5, 0.0, in.height() - 1.0);
    const int y0 = std::min(static_cast<int>(at_y), std::max(in.height() - 2, 0));
    const int y1 = std::min(y0 + 1, in.height() - 1);
    const double fy = at_y - y0;
    for (int x = 0; x < width; ++x) {
      const double at_x = std::clamp((x + 0.5) * in.width() / width - 0.5, 0.0, in.width() - 1.0);
      const int x0 = std::min(static_cast<int>(at_x), std::max(in.width() - 2, 0));
      const int x1 = std::min(x0 + 1, in.width() - 1);
      const double fx = at_x - x0;
      for (int c = 0; c < in.channels(); ++c) {
        const double top = in.at(y0, x0, c) * (1 - fx) + in.at(y0, x1, c) * fx;
        const double bottom = in.at(y1, x0, c) * (1 - fx) + in.at(y1, x1, c) * fx;
        out.view().at(y, x, c) = top * (1 - fy) + bottom * fy;
      }
    }
  }
  return out;
}

Image<double> at_level(ImageView<const double> plane, double scale) {
  const double sigma = (1 / scale - 1) * 0.5;
  const int size = std::max(rounded(sigma * 5) | 1, 3);
  const std::vector<double> taps =
      sigma > 0 ? gaussian_taps(size, sigma) : std::vector<double>{0.25, 0.5, 0.25};
  const Image<double> smooth = filter_plane(plane, taps, Border::kReflect);
  return resized(smooth.view(), rounded(plane.height() * scale), rounded(plane.width() * scale));
}

// Fits near the border see pixels that are not there: they count less.
double border_weight(int i, int n) {
  constexpr std::array<double, 5> kWeights = {0.14, 0.14, 0.4472, 0.4472, 0.4472};
  double weight = 1;
  if (i < 5) weight *= kWeights[static_cast<std::size_t>(i)];
  if (i >= n - 5) weight *= kWeights[static_cast<std::size_t>(n - 1 - i)];
  return weight;
}

// The expansion of the second picture where the flow points to; false outside.
bool expansion_at(ImageView<const double> expansion, double y, double x,
                  std::array<double, 5>& out) {
  const double y0 = std::floor(y);
  const double x0 = std::floor(x);
  if (!(x0 >= 0 && y0 >= 0 && x0 < expansion.width() - 1 && y0 < expansion.height() - 1)) {
    return false;
  }
  const double fy = y - y0;
  const double fx = x - x0;
  const int iy = static_cast<int>(y0);
  const int ix = static_cast<int>(x0);
  for (int c = 0; c < 5; ++c) {
    const double top = (1 - fx) * expansion.at(iy, ix, c) + fx * expansion.at(iy, ix + 1, c);
    const double bottom =
        (1 - fx) * expansion.at(iy + 1, ix, c) + fx * expansion.at(iy + 1, ix + 1, c);
    out[static_cast<std::size_t>(c)] = (1 - fy) * top + fy * bottom;
  }
  return true;
}

// Per pixel the five numbers of G = A'A (3) and h = A'(delta b) (2).
Image<double> equations(ImageView<const double> first, ImageView<const double> second,
                        ImageView<const double> flow) {
  Image<double> out(first.height(), first.width(), 5);
  for (int y = 0; y < first.height(); ++y) {
    for (int x = 0; x < first.width(); ++x) {
      const double dx = flow.at(y, x, 0);
      const double dy = flow.at(y, x, 1);
      std::array<double, 5> there{};
      double yy = first.at(y, x, 2);
      double xx = first.at(y, x, 3);
      double xy = first.at(y, x, 4) * 0.5;
      if (expansion_at(second, y + dy, x + dx, there)) {
        yy = (yy + there[2]) * 0.5;
        xx = (xx + there[3]) * 0.5;
        xy = (first.at(y, x, 4) + there[4]) * 0.25;
      }
      const double weight = border_weight(x, first.width()) * border_weight(y, first.height());
      const double by = ((first.at(y, x, 0) - there[0]) * 0.5 + yy * dy + xy * dx) * weight;
      const double bx = ((first.at(y, x, 1) - there[1]) * 0.5 + xy * dy + xx * dx) * weight;
      yy *= weight;
      xx *= weight;
      xy *= weight;
      out.view().at(y, x, 0) = yy * yy + xy * xy;
      out.view().at(y, x, 1) = (yy + xx) * xy;
      out.view().at(y, x, 2) = xx * xx + xy * xy;
      out.view().at(y, x, 3) = yy * by + xy * bx;
      out.view().at(y, x, 4) = xy * by + xx * bx;
    }
  }
  return out;
}

void solve(const Image<double>& system, Image<double>& flow) {
  const std::vector<double> box(kWindow, 1.0 / kWindow);
  std::array<Image<double>, 5> mean;
  for (int c = 0; c < 5; ++c) {
    mean[static_cast<std::size_t>(c)] =
        filter_plane(plane_of(system.view(), c).view(), box, Border::kReplicate);
  }
  for (int y = 0; y < flow.height(); ++y) {
    for (int x = 0; x < flow.width(); ++x) {
      const double yy = mean[0].view().at(y, x);
      const double xy = mean[1].view().at(y, x);
      const double xx = mean[2].view().at(y, x);
      const double hy = mean[3].view().at(y, x);
      const double hx = mean[4].view().at(y, x);
      const double determinant = yy * xx - xy * xy + 1e-3;  // flat areas: no motion
      flow.view().at(y, x, 0) = (yy * hx - xy * hy) / determinant;
      flow.view().at(y, x, 1) = (xx * hy - xy * hx) / determinant;
    }
  }
}

Image<double> first_guess(const Image<double>& coarser, int height, int width) {
  if (coarser.empty()) {
    Image<double> zero(height, width, 2);
    std::fill(zero.pixels().begin(), zero.pixels().end(), 0.0);
    return zero;
  }
  Image<double> flow = resized(coarser.view(), height, width);
  for (double& v : flow.pixels()) v *= 2;
  return flow;
}

}  // namespace

Image<float> optical_flow(ImageView<const double> from, ImageView<const double> to) {
  int levels = 0;
  while (levels < kLevels && std::ldexp(from.width(), -levels - 1) >= kSmallestPx &&
         std::ldexp(from.height(), -levels - 1) >= kSmallestPx) {
    ++levels;
  }
  Image<double> flow;
  for (int level = levels; level >= 0; --level) {
    const double scale = std::ldexp(1.0, -level);
    const Image<double> a = polynomial_expansion(at_level(from, scale).view());
    const Image<double> b = polynomial_expansion(at_level(to, scale).view());
    flow = first_guess(flow, a.height(), a.width());
    for (int i = 0; i < kIterations; ++i) {
      solve(equations(a.view(), b.view(), flow.view()), flow);
    }
  }
  Image<float> out(flow.height(), flow.width(), 2);
  for (std::size_t i = 0; i < out.pixels().size(); ++i) {
    out.pixels()[i] = static_cast<float>(flow.pixels()[i]);
  }
  return out;
}

Image<double> flow_plane(ImageView<const double> image) {
  if (image.channels() == 1) return plane_of(image, 0);
  return to_color(image, Color::kGrayCv2);
}

}  // namespace pluvia
