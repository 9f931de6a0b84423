// SPDX-License-Identifier: Apache-2.0
// How many drops of which size a cubic metre of rain holds: N(D) = N0 D^mu exp(-Lambda D), per m^3
// and mm, D in mm. mu = 0 is Marshall and Palmer (1948) with Lambda = 4.1 R^-0.21; other mu keep
// its median volume diameter (Ulbrich 1983). N0 is not the published constant: it is set so that
// the water that falls, 6e-4 pi * integral of N D^3 v, is the rate that was asked for, in mm/h.
// Below 0.01 mm/h Lambda stays what it is there.
#pragma once

#include <vector>

namespace pluvia::synth {

inline constexpr double kSmallestDropMm = 0.109;  ///< smaller ones do not fall
inline constexpr double kLargestDropMm = 8;       ///< larger ones break up

/// Drops between two diameters, which fall together at their flux-weighted mean speed.
struct DropClass {
  double low_mm = 0;
  double high_mm = 0;
  double per_m3 = 0;
  double speed_m_s = 0;
  double share = 0;  ///< 1 - e^-(lambda (high - low)), for draw()
};

class DropSizes {
 public:
  /// rate_mm_h >= 0; mu >= 0.
  DropSizes(double rate_mm_h, double mu);

  double lambda() const { return lambda_; }
  double n0() const { return n0_; }
  /// N(D).
  double density(double diameter_mm) const;
  /// Integral of N(D) D^power over [low, high].
  double moment(double power, double low_mm, double high_mm) const;
  /// Water that falls in drops of [low, high], mm/h.
  double flux_mm_h(double low_mm, double high_mm) const;
  /// Cross-section of the drops up to a diameter, per metre: extinction at efficiency 1.
  double extinction_per_m(double up_to_mm) const;

  /// `count` classes of equal ratio from low to the largest drop.
  std::vector<DropClass> classes(int count, double low_mm) const;
  /// A diameter within the class, from a uniform number in (0, 1).
  double draw(const DropClass& of, double uniform) const;
  /// A class that draw() takes.
  DropClass between(double low_mm, double high_mm) const;

 private:
  double shape(double diameter_mm) const;

  double mu_;
  double lambda_ = 1;
  double n0_ = 0;
};

}  // namespace pluvia::synth
