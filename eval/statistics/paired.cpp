// SPDX-License-Identifier: Apache-2.0
#include "eval/statistics/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"

namespace pluvia {
namespace {

constexpr double kSame = 1e-9;

/// Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz.
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  double value = d;
  for (int m = 1; m < 300; ++m) {
    for (const bool even : {true, false}) {
      const double k = m;
      const double numerator = even ? k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
                                    : -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
      d = 1 + numerator * d;
      c = 1 + numerator / c;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      if (std::abs(c) < kTiny) c = kTiny;
      value *= d * c;
    }
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

/// Regularised incomplete beta function I_x(a, b).
double incomplete_beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

struct Ranked {
  std::vector<double> ranks;  ///< of |difference|, mean ranks for ties
  std::vector<bool> negative;
  double tie_term = 0;  ///< sum of t^3 - t over groups of ties
};

Ranked rank_differences(std::span<const double> differences) {
  double largest = 0;
  for (const double d : differences) largest = std::max(largest, std::abs(d));
  std::vector<double> kept;
  for (const double d : differences) {
    if (std::abs(d) > kSame * largest) kept.push_back(d);
  }
  std::sort(kept.begin(), kept.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  Ranked out;
  for (std::size_t i = 0; i < kept.size();) {
    std::size_t end = i + 1;
    while (end < kept.size() && std::abs(kept[end]) - std::abs(kept[i]) <= kSame * largest) ++end;
    const auto count = static_cast<double>(end - i);
    out.tie_term += count * count * count - count;
    for (std::size_t k = i; k < end; ++k) {
      out.ranks.push_back(static_cast<double>(i + end + 1) / 2);
      out.negative.push_back(kept[k] < 0);
    }
    i = end;
  }
  return out;
}

/// Share of all sign patterns whose smaller rank sum is at most `w`: counted by sums of doubled
/// ranks.
double exact_rank_p(const std::vector<double>& ranks, double w) {
  const double total = std::accumulate(ranks.begin(), ranks.end(), 0.0);
  std::vector<double> share(static_cast<std::size_t>(std::lround(2 * total)) + 1, 0);
  share[0] = 1;
  for (const double rank : ranks) {
    const auto step = static_cast<std::size_t>(std::lround(2 * rank));
    for (std::size_t i = share.size(); i-- > 0;) {
      share[i] = 0.5 * share[i] + (i >= step ? 0.5 * share[i - step] : 0);
    }
  }
  double p = 0;
  for (std::size_t i = 0; i < share.size(); ++i) {
    const double sum = static_cast<double>(i) / 2;
    if (std::min(sum, total - sum) <= w + 1e-6) p += share[i];
  }
  return std::min(1.0, p);
}

void wilcoxon(std::span<const double> differences, PairedTest& out) {
  const Ranked ranked = rank_differences(differences);
  const auto n = static_cast<double>(ranked.ranks.size());
  double down = 0;
  for (std::size_t i = 0; i < ranked.ranks.size(); ++i) {
    if (ranked.negative[i]) down += ranked.ranks[i];
  }
  const double total = n * (n + 1) / 2;
  out.wilcoxon_w = std::min(down, total - down);
  if (ranked.ranks.size() < 2) return;
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ranked.tie_term / 48;
  const double z = (out.wilcoxon_w - total / 2) / std::sqrt(variance);
  out.wilcoxon_p_normal = std::erfc(-z / std::sqrt(2.0));
  out.wilcoxon_exact = ranked.ranks.size() <= kExactRanks;
  out.wilcoxon_p =
      out.wilcoxon_exact ? exact_rank_p(ranked.ranks, out.wilcoxon_w) : out.wilcoxon_p_normal;
}

/// Two methods' means under flips. What a flipped unit takes from one side it brings to the other.
class Sides {
 public:
  Sides(const Shares& a, const Shares& b, const MeanLaw& law) : law_(law) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      gains_.push_back({a[i].sum - b[i].sum, a[i].count - b[i].count});
      a_ += a[i];
      b_ += b[i];
    }
    // Sums in another order differ in their last bits; what is nearer than this is a tie.
    for (const Share& gain : gains_) {
      const double change = std::abs(difference(gain) - difference({})) / 2;
      if (std::isfinite(change)) slack_ += kSame * change;
    }
    const double rounding = 1e-13 * (std::abs(score_of(a_, law)) + std::abs(score_of(b_, law)));
    if (std::isfinite(rounding)) slack_ += rounding;
    observed_ = std::abs(difference({}));
  }

  std::size_t size() const { return gains_.size(); }
  const Share& gain(std::size_t unit) const { return gains_[unit]; }
  double observed() const { return observed_; }
  /// Whether the flips that move `moved` make a difference as large as the one that was seen.
  bool hit(const Share& moved) const { return !(std::abs(difference(moved)) < observed_ - slack_); }

 private:
  double difference(const Share& moved) const {
    return score_of({a_.sum - moved.sum, a_.count - moved.count}, law_) -
           score_of({b_.sum + moved.sum, b_.count + moved.count}, law_);
  }

  MeanLaw law_;
  Shares gains_;
  Share a_;
  Share b_;
  double slack_ = 0;
  double observed_ = 0;
};

double random_flip_p(const Sides& sides, std::uint64_t seed) {
  int hits = 0;
  for (int k = 0; k < kFlips; ++k) {
    const Random random{seed, 0, static_cast<std::uint32_t>(k), 0};
    Share moved;
    Words4 words{};
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (i % 128 == 0) words = random.words(static_cast<std::uint32_t>(i / 128));
      const double flip = words.word[i / 32 % 4] >> (i % 32) & 1U;  // a branch would be missed
      moved += {flip * sides.gain(i).sum, flip * sides.gain(i).count};
    }
    if (sides.hit(moved)) ++hits;
  }
  return (1.0 + hits) / (1.0 + kFlips);
}

double exact_flip_p(const Sides& sides) {
  const std::uint64_t patterns = std::uint64_t{1} << sides.size();
  std::uint64_t hits = 0;
  for (std::uint64_t flips = 0; flips < patterns; ++flips) {
    Share moved;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if ((flips >> i & 1U) != 0) moved += sides.gain(i);
    }
    if (sides.hit(moved)) ++hits;
  }
  return static_cast<double>(hits) / static_cast<double>(patterns);
}

}  // namespace

double student_p(double t, double degrees) {
  if (std::isinf(t)) return 0;
  return incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

FlipTest flip_test(const Shares& a, const Shares& b, const MeanLaw& law, std::uint64_t seed) {
  PLUVIA_CHECK(a.size() == b.size(), a.size(), " ", b.size());
  FlipTest out;
  const Sides sides(a, b, law);
  if (a.size() < 2 || !std::isfinite(sides.observed())) return out;
  out.exact = a.size() <= kExactFlips;
  out.p = out.exact ? exact_flip_p(sides) : random_flip_p(sides, seed);
  return out;
}

PairedTest compare_pairs(std::span<const double> a, std::span<const double> b) {
  PLUVIA_CHECK(a.size() == b.size() && !a.empty(), a.size(), " ", b.size());
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] - b[i];
  const auto n = static_cast<double>(d.size());
  PairedTest out;
  out.pairs = static_cast<int>(d.size());
  out.mean_difference = std::accumulate(d.begin(), d.end(), 0.0) / n;
  double squares = 0;
  double size = 0;
  for (const double x : d) {
    squares += (x - out.mean_difference) * (x - out.mean_difference);
    size = std::max(size, std::abs(x));
  }
  if (size == 0) return out;  // equal everywhere: nothing to find
  if (d.size() < 2) {
    out.cohen_dz = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  out.deviation = std::sqrt(squares / (n - 1));
  if (out.deviation > kSame * size) {
    out.cohen_dz = out.mean_difference / out.deviation;
    out.t = out.cohen_dz * std::sqrt(n);
    out.t_p = student_p(out.t, n - 1);
  } else {
    out.cohen_dz = std::copysign(std::numeric_limits<double>::infinity(), out.mean_difference);
    out.t = out.cohen_dz;
    out.t_p = 0;
  }
  wilcoxon(d, out);
  return out;
}

PairedTest compare_paired(std::span<const double> a, std::span<const double> b,
                          std::uint64_t seed) {
  PairedTest out = compare_pairs(a, b);
  Shares of_a;
  Shares of_b;
  for (const double x : a) of_a.push_back({x, 1});
  for (const double x : b) of_b.push_back({x, 1});
  const FlipTest flips = flip_test(of_a, of_b, {}, seed);
  out.flip_p = flips.p;
  out.flip_exact = flips.exact;
  return out;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t k) { return p[i] < p[k]; });
  std::vector<double> out(p.size());
  double highest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double corrected = p[order[rank]] * static_cast<double>(p.size() - rank);
    highest = std::max(highest, std::min(1.0, corrected));
    out[order[rank]] = highest;
  }
  return out;
}

}  // namespace pluvia
