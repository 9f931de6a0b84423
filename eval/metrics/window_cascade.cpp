// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/window_cascade.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>
#include <utility>
#include <vector>

#include "core/error.h"

namespace pluvia {
namespace {

using Complex = std::complex<double>;
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

/// All roots at once (Weierstrass 1891, Durand, Kerner): each is corrected as if the others were right.
std::vector<Complex> roots_of(const Polynomial& p) {
  const std::size_t count = p.size() - 1;
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(p[i]));
  std::vector<Complex> roots;
  const double size = std::pow(1 + largest, 1.0 / static_cast<double>(count));
  for (std::size_t i = 0; i < count; ++i) {
    roots.push_back(std::polar(size, 0.4 + 6.28 * static_cast<double>(i) / static_cast<double>(count)));
  }
  double moved = 1;
  for (int round = 0; round < 500 && moved > 1e-16; ++round) {
    moved = 0;
    for (std::size_t i = 0; i < count; ++i) {
      Complex value = 1;
      for (std::size_t k = count; k-- > 0;) value = value * roots[i] + p[k];
      for (std::size_t j = 0; j < count; ++j) {
        if (j != i) value /= roots[i] - roots[j];
      }
      roots[i] -= value;
      moved = std::max(moved, std::abs(value) / std::abs(roots[i]));
    }
  }
  return roots;
}

/// The most real one first, then pairs of conjugates or of two real ones.
void put_pairs_together(std::vector<Complex>& roots) {
  std::sort(roots.begin(), roots.end(), [](const Complex& a, const Complex& b) {
    return std::abs(a.imag()) < std::abs(b.imag());
  });
  for (std::size_t i = 1; i + 1 < roots.size(); i += 2) {
    const auto partner = std::min_element(
        roots.begin() + static_cast<std::ptrdiff_t>(i) + 1, roots.end(),
        [&](const Complex& a, const Complex& b) {
          return std::abs(a - std::conj(roots[i])) < std::abs(b - std::conj(roots[i]));
        });
    std::swap(roots[i + 1], *partner);
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
  constexpr double kMostGain = 1e30;  // whose fourth power is far from a double's end
  return wrong <= 1e-13 * sum && sum <= kMostGain * taps[0];  // false for what is not a number
}

}  // namespace

std::optional<WindowCascade> cascade_of(std::span<const double> taps) {
  PLUVIA_CHECK(taps.size() == 7 || taps.size() == 11, taps.size());
  std::vector<Complex> roots = roots_of(in_w(taps));
  put_pairs_together(roots);
  WindowCascade cascade;
  cascade.first = -roots[0].real();
  for (std::size_t i = 1; i + 1 < roots.size(); i += 2) {
    // (z^2 - u z + 1)(z^2 - v z + 1)
    const Complex sum = roots[i] + roots[i + 1];
    const Complex product = roots[i] * roots[i + 1];
    cascade.pairs[i / 2] = {-sum.real(), 2 + product.real()};
  }
  cascade.gain = 1 / taps[0];
  if (!is_that_window(cascade, taps)) return std::nullopt;
  return cascade;
}

}  // namespace pluvia
