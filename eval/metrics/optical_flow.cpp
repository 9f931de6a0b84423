// SPDX-License-Identifier: Apache-2.0
// Around each pixel f(p) ~ p'Ap + b'p + c, fitted with Gaussian weights. If the second picture is
// the first moved by d, then b2 = b1 - 2 A d; with A the mean of both and b moved along by the flow
// known so far, 2x2 equations follow, whose sums over a window are solved for d.
#include "eval/metrics/optical_flow.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/for_each.h"
#include "core/parallel.h"
#include "eval/metrics/color.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/polynomial_expansion.h"

namespace pluvia {
namespace {

constexpr int kLevels = 3;
constexpr int kSmallestPx = 32;
constexpr int kWindow = 15;
constexpr int kIterations = 3;

template <typename Row>
void for_rows(int height, const Row& row) {
  constexpr int kGrain = 16;
  parallel_for(height, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) row(y);
  });
}

int rounded(double value) { return static_cast<int>(std::nearbyint(value)); }

/// Where between two pixels of a line a pixel of another resolution lies.
struct Between {
  int first = 0;
  int second = 0;
  double share = 0;  ///< of the second
};

// Centres of pixels at halves, borders replicated.
Between between(int i, int n, int of) {
  const double at = std::clamp((i + 0.5) * of / n - 0.5, 0.0, of - 1.0);
  const int first = std::min(static_cast<int>(at), std::max(of - 2, 0));
  return {first, std::min(first + 1, of - 1), at - first};
}

// Bilinear, any number of channels.
Image<double> resized(ImageView<const double> in, int height, int width) {
  Image<double> out(height, width, in.channels());
  std::vector<Between> columns;
  for (int x = 0; x < width; ++x) columns.push_back(between(x, width, in.width()));
  for_rows(height, [&](int y) {
    const Between row = between(y, height, in.height());
    for (int x = 0; x < width; ++x) {
      const Between& column = columns[static_cast<std::size_t>(x)];
      for (int c = 0; c < in.channels(); ++c) {
        const double top = in.at(row.first, column.first, c) * (1 - column.share) +
                           in.at(row.first, column.second, c) * column.share;
        const double bottom = in.at(row.second, column.first, c) * (1 - column.share) +
                              in.at(row.second, column.second, c) * column.share;
        out.view().at(y, x, c) = top * (1 - row.share) + bottom * row.share;
      }
    }
  });
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

// Per pixel of a row the five numbers of G = A'A (3) and h = A'(delta b) (2).
PLUVIA_ALL_LEVELS void equations(ImageView<const double> first, ImageView<const double> second,
                                 ImageView<const double> flow, int y, double* out) {
  const double weight_of_row = border_weight(y, first.height());
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
    const double weight = border_weight(x, first.width()) * weight_of_row;
    const double by = ((first.at(y, x, 0) - there[0]) * 0.5 + yy * dy + xy * dx) * weight;
    const double bx = ((first.at(y, x, 1) - there[1]) * 0.5 + xy * dy + xx * dx) * weight;
    yy *= weight;
    xx *= weight;
    xy *= weight;
    double* const to = out + std::ptrdiff_t{x} * 5;
    to[0] = yy * yy + xy * xy;
    to[1] = (yy + xx) * xy;
    to[2] = xx * xx + xy * xy;
    to[3] = yy * by + xy * bx;
    to[4] = xy * by + xx * bx;
  }
}

// The equations' means over the window, along rows first, solved for a better flow. `across` is
// room for the first.
void improve(ImageView<const double> first, ImageView<const double> second, Image<double>& across,
             Image<double>& flow) {
  static const std::vector<double> kBox(kWindow, 1.0 / kWindow);
  using Rows = std::array<const double*, kWindow>;
  constexpr int kRadius = kWindow / 2;
  const int height = first.height();
  const int width = first.width();
  for_rows(height, [&](int y) {
    std::vector<double> row(static_cast<std::size_t>(width) * 5);
    std::vector<double> padded(static_cast<std::size_t>(width + 2 * kRadius) * 5);
    equations(first, second, std::as_const(flow).view(), y, row.data());
    pad_row<double>(row, 5, kRadius, Border::kReplicate, padded.data());
    Rows rows;
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = padded.data() + 5 * k;
    weigh_rows(rows.data(), kBox, across.view().row(y).data(), 5 * width);
  });
  for_rows(height, [&](int y) {
    std::vector<double> mean(static_cast<std::size_t>(width) * 5);
    Rows rows;
    for (int k = 0; k < kWindow; ++k) {
      const int from = border_index(y + k - kRadius, height, Border::kReplicate);
      rows[static_cast<std::size_t>(k)] = across.view().row(from).data();
    }
    weigh_rows(rows.data(), kBox, mean.data(), 5 * width);
    for (int x = 0; x < width; ++x) {
      const double* const of = mean.data() + std::ptrdiff_t{x} * 5;
      const double yy = of[0];
      const double xy = of[1];
      const double xx = of[2];
      const double hy = of[3];
      const double hx = of[4];
      const double determinant = yy * xx - xy * xy + 1e-3;  // flat areas: no motion
      flow.view().at(y, x, 0) = (yy * hx - xy * hy) / determinant;
      flow.view().at(y, x, 1) = (xx * hy - xy * hx) / determinant;
    }
  });
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

FlowPicture::FlowPicture(ImageView<const double> plane) : plane_(plane_of(plane, 0)) {
  int levels = 0;
  while (levels < kLevels && std::ldexp(plane.width(), -levels - 1) >= kSmallestPx &&
         std::ldexp(plane.height(), -levels - 1) >= kSmallestPx) {
    ++levels;
  }
  for (int level = 0; level <= levels; ++level) {
    expansions_.push_back(polynomial_expansion(at_level(plane, std::ldexp(1.0, -level)).view()));
  }
}

bool FlowPicture::is_of(ImageView<const double> plane) const {
  if (plane.height() != plane_.height() || plane.width() != plane_.width()) return false;
  for (int y = 0; y < plane.height(); ++y) {
    if (!std::ranges::equal(plane.row(y), plane_.view().row(y))) return false;
  }
  return true;
}

Image<float> optical_flow(const FlowPicture& from, const FlowPicture& to) {
  const auto& first = from.expansions();
  const auto& second = to.expansions();
  PLUVIA_CHECK(!first.empty() && first.size() == second.size() &&
                   first[0].height() == second[0].height() && first[0].width() == second[0].width(),
               first.size(), " ", second.size());
  Image<double> flow;
  for (std::size_t level = first.size(); level-- > 0;) {
    const ImageView<const double> a = first[level].view();
    flow = first_guess(flow, a.height(), a.width());
    Image<double> across(a.height(), a.width(), 5);
    for (int i = 0; i < kIterations; ++i) improve(a, second[level].view(), across, flow);
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
