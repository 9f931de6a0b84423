// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/window_cascade.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "core/error.h"

namespace pluvia {
namespace {

/// With operations that every CPU rounds alike; std::complex leaves division and size to a library.
struct Complex {
  double re = 0;
  double im = 0;
};

Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
Complex operator*(Complex a, Complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
Complex operator/(Complex a, Complex b) {
  const double size = b.re * b.re + b.im * b.im;
  return {(a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size};
}

using Polynomial = std::vector<double>;  ///< from the constant term upwards

Polynomial times(const Polynomial& a, const Polynomial& b) {
  Polynomial out(a.size() + b.size() - 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) out[i + j] += a[i] * b[j];
  }
  return out;
}

/// P, of which the highest coefficient is 1: z^k + z^-k = L_k(w) of w = z + 1/z obey
/// L_(k+1) = w L_k - L_(k-1).
Polynomial in_w(std::span<const double> taps) {
  const std::size_t radius = taps.size() / 2;
  Polynomial sum(radius + 1);
  Polynomial before = {2};
  Polynomial lucas = {0, 1};
  sum[0] = taps[radius];
  for (std::size_t k = 1; k <= radius; ++k) {
    for (std::size_t i = 0; i < lucas.size(); ++i) sum[i] += taps[radius + k] * lucas[i];
    Polynomial next = times(lucas, {0, 1});
    for (std::size_t i = 0; i < before.size(); ++i) next[i] -= before[i];
    before = std::exchange(lucas, next);
  }
  for (double& one : sum) one /= taps.back();
  return sum;
}

/// A power of two about as large as the largest root.
double size_of_roots(const Polynomial& p) {
  const auto count = static_cast<int>(p.size()) - 1;
  int most = 0;
  for (int k = 0; k < count; ++k) {
    const double one = p[static_cast<std::size_t>(k)];
    if (one != 0 && std::isfinite(one)) most = std::max(most, std::ilogb(one) / (count - k) + 1);
  }
  return std::ldexp(1.0, most);
}

/// All roots at once (Weierstrass 1891, Durand, Kerner): each is corrected as if the others were
/// right.
std::vector<Complex> roots_of(const Polynomial& p) {
  constexpr int kRounds = 80;  // twenty do for the Gaussian of 11 taps and sigma 1.5
  const std::size_t count = p.size() - 1;
  std::vector<Complex> roots;
  Complex start = {size_of_roots(p), 0};
  for (std::size_t i = 0; i < count; ++i) roots.push_back(start = start * Complex{0.4, 0.9});
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      Complex value = {1, 0};
      for (std::size_t k = count; k-- > 0;) value = value * roots[i] + Complex{p[k], 0};
      for (std::size_t j = 0; j < count; ++j) {
        if (j != i) value = value / (roots[i] - roots[j]);
      }
      if (value.re != 0 || value.im != 0) roots[i] = roots[i] - value;
    }
  }
  return roots;
}

/// How far two roots are from being those of a real polynomial.
double unreal(Complex a, Complex b) { return std::fabs((a + b).im) + std::fabs((a * b).im); }

/// The most real one first, then two by two what belongs together: conjugates, or real ones.
void put_pairs_together(std::vector<Complex>& roots) {
  const auto first = std::min_element(roots.begin(), roots.end(), [](Complex a, Complex b) {
    return std::fabs(a.im) < std::fabs(b.im);
  });
  std::swap(roots.front(), *first);
  for (std::size_t i = 1; i + 1 < roots.size(); i += 2) {
    const auto after = roots.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    const auto partner = std::min_element(after, roots.end(), [&](Complex a, Complex b) {
      return unreal(roots[i], a) < unreal(roots[i], b);
    });
    std::swap(*after, *partner);
  }
}

bool is_that_window(const WindowCascade& cascade, std::span<const double> taps) {
  Polynomial product = {1, cascade.first, 1};
  for (std::size_t i = 0; 4 * i + 3 < taps.size(); ++i) {
    const auto [b, c] = cascade.pairs[i];
    product = times(product, {1, b, c, b, 1});
  }
  double wrong = 0;
  for (std::size_t k = 0; k < taps.size(); ++k) {
    wrong += std::abs(product[k] * taps[0] - taps[k]);
  }
  const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
  // Its eighth power, times 2^31 to the eighth and products of pixels, is within a double's range.
  constexpr double kMostGain = 1e24;
  return wrong <= 1e-13 * sum && sum <= kMostGain * taps[0];  // false for what is not a number
}

}  // namespace

std::optional<WindowCascade> cascade_of(std::span<const double> taps) {
  PLUVIA_CHECK(taps.size() == 7 || taps.size() == 11, taps.size());
  std::vector<Complex> roots = roots_of(in_w(taps));
  put_pairs_together(roots);
  WindowCascade cascade;
  cascade.first = -roots[0].re;
  for (std::size_t i = 1; i + 1 < roots.size(); i += 2) {
    // (z^2 - u z + 1)(z^2 - v z + 1)
    const Complex sum = roots[i] + roots[i + 1];
    const Complex product = roots[i] * roots[i + 1];
    cascade.pairs[i / 2] = {-sum.re, 2 + product.re};
  }
  cascade.gain = 1 / taps[0];
  if (!is_that_window(cascade, taps)) return std::nullopt;
  return cascade;
}

}  // namespace pluvia
