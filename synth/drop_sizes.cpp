// SPDX-License-Identifier: Apache-2.0
#include "synth/drop_sizes.h"

#include <algorithm>

#include "core/exact_math.h"
#include "synth/fall_speed.h"

namespace pluvia::synth {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// Of less rain than anybody has measured the drops stay as they are at this rate, mm/h: by the law
/// alone they would all be too small to fall, and any rate a fog.
constexpr double kLeastMeasured = 0.01;

double power(double base, double exponent) {
  return exponent == 0 ? 1 : exact::exp(exponent * exact::log(base));
}

/// Simpson's rule; the integrands are smooth and vary over about a millimetre.
template <typename Function>
double integral(double low, double high, Function f) {
  if (!(high > low)) return 0;
  constexpr int kSteps = 256;
  const double step = (high - low) / kSteps;
  double sum = f(low) + f(high);
  for (int i = 1; i < kSteps; ++i) sum += (i % 2 == 1 ? 4 : 2) * f(low + i * step);
  return sum * step / 3;
}

}  // namespace

DropSizes::DropSizes(double rate_mm_h, double mu) : mu_(mu) {
  if (!(rate_mm_h > 0)) return;
  // Median volume diameter times Lambda is 3.67 + mu.
  lambda_ = 4.1 * power(std::max(rate_mm_h, kLeastMeasured), -0.21) * (3.67 + mu) / 3.67;
  n0_ = 1;
  n0_ = rate_mm_h / flux_mm_h(kSmallestDropMm, kLargestDropMm);
}

double DropSizes::shape(double diameter_mm) const {
  return power(diameter_mm, mu_) * exact::exp(-lambda_ * diameter_mm);
}

double DropSizes::density(double diameter_mm) const { return n0_ * shape(diameter_mm); }

double DropSizes::moment(double order, double low_mm, double high_mm) const {
  return n0_ * integral(std::max(low_mm, 1e-6), high_mm,
                        [&](double d) { return power(d, order) * shape(d); });
}

double DropSizes::flux_mm_h(double low_mm, double high_mm) const {
  return 6e-4 * kPi * n0_ * integral(std::max(low_mm, 1e-6), high_mm, [&](double d) {
           return d * d * d * fall_speed_m_s(d) * shape(d);
         });
}

double DropSizes::extinction_per_m(double up_to_mm) const {
  return 1e-6 * kPi / 4 * moment(2, 0, std::min(up_to_mm, kLargestDropMm));
}

std::vector<DropClass> DropSizes::classes(int count, double low_mm) const {
  std::vector<DropClass> out;
  if (n0_ == 0) return out;
  const double first = std::clamp(low_mm, kSmallestDropMm, kLargestDropMm / 1.01);
  const double ratio = power(kLargestDropMm / first, 1.0 / count);
  double low = first;
  for (int i = 0; i < count; ++i) {
    const double high = i + 1 == count ? kLargestDropMm : low * ratio;
    DropClass one = between(low, high);
    one.speed_m_s = flux_mm_h(low, high) / (6e-4 * kPi * moment(3, low, high));
    out.push_back(one);
    low = high;
  }
  return out;
}

double DropSizes::draw(const DropClass& of, double uniform) const {
  // Inverse of the exponential's distribution within the class; D^mu, which hardly varies over so
  // narrow a class, is left out.
  return of.low_mm - exact::log(1 - uniform * of.share) / lambda_;
}

DropClass DropSizes::between(double low_mm, double high_mm) const {
  return {low_mm, high_mm, moment(0, low_mm, high_mm), 0,
          1 - exact::exp(-lambda_ * (high_mm - low_mm))};
}

}  // namespace pluvia::synth
