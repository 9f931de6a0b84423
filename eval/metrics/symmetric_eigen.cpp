// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/symmetric_eigen.h"

#include <cmath>

namespace pluvia {
namespace {

// Rotates rows and columns p, q so that a[p][q] becomes 0.
void rotate(std::vector<double>& a, std::vector<double>& v, std::size_t n, std::size_t p,
            std::size_t q) {
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1);
  const double s = t * c;
  for (std::size_t k = 0; k < n; ++k) {
    const double kp = a[k * n + p];
    const double kq = a[k * n + q];
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (std::size_t k = 0; k < n; ++k) {
    const double pk = a[p * n + k];
    const double qk = a[q * n + k];
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const double kp = v[k * n + p];
    const double kq = v[k * n + q];
    v[k * n + p] = c * kp - s * kq;
    v[k * n + q] = s * kp + c * kq;
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> a, int size) {
  constexpr int kMostSweeps = 100;
  const auto n = static_cast<std::size_t>(size);
  SymmetricEigen out;
  out.vectors.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) out.vectors[i * n + i] = 1;
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double off = 0;
    double total = 0;
    for (std::size_t i = 0; i < n * n; ++i) {
      total += a[i] * a[i];
      if (i % (n + 1) != 0) off += a[i] * a[i];
    }
    if (off <= 1e-34 * total) break;
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] != 0) rotate(a, out.vectors, n, p, q);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) out.values.push_back(a[i * n + i]);
  return out;
}

}  // namespace pluvia
