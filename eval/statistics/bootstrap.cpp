// SPDX-License-Identifier: Apache-2.0
#include "eval/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"

namespace pluvia {
namespace {

constexpr double kConfidence = 0.95;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval interval_of(const std::vector<double>& means, double confidence) {
  const double middle = mean_of(means);
  double squares = 0;
  for (const double m : means) squares += (m - middle) * (m - middle);
  const double tail = (1 - confidence) / 2;
  return {quantile(means, tail), quantile(means, 1 - tail),
          means.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(means.size() - 1))};
}

/// A stream of indices: the k-th draw of a seed.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : seed_(seed) {}
  std::uint32_t operator()(std::uint32_t n) {
    const std::uint64_t at = next_++;
    const Random random{seed_, 0, static_cast<std::uint32_t>(at >> 32),
                        static_cast<std::uint32_t>(at)};
    return random.below(0x5EED, n);
  }

 private:
  std::uint64_t seed_;
  std::uint64_t next_ = 0;
};

}  // namespace

double quantile(std::vector<double> values, double q) {
  PLUVIA_CHECK(!values.empty() && q >= 0 && q <= 1, values.size(), " ", q);
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
}

Interval bootstrap_mean(std::span<const double> values, int resamples, double confidence,
                        const DrawIndex& draw) {
  PLUVIA_CHECK(!values.empty() && resamples > 0, values.size(), " ", resamples);
  const auto n = static_cast<std::uint32_t>(values.size());
  std::vector<double> means;
  means.reserve(static_cast<std::size_t>(resamples));
  for (int k = 0; k < resamples; ++k) {
    double sum = 0;
    for (std::uint32_t i = 0; i < n; ++i) sum += values[draw(n)];
    means.push_back(sum / n);
  }
  return interval_of(means, confidence);
}

Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed) {
  return bootstrap_mean(values, kResamples, kConfidence, Stream(seed));
}

Interval bootstrap_crossed(const std::vector<std::vector<double>>& scores, std::uint64_t seed) {
  PLUVIA_CHECK(!scores.empty() && !scores.front().empty(), scores.size());
  if (scores.size() == 1) return bootstrap_mean(scores.front(), seed);
  const auto seeds = static_cast<std::uint32_t>(scores.size());
  const auto clips = static_cast<std::uint32_t>(scores.front().size());
  Stream draw(seed);
  std::vector<double> means;
  std::vector<std::uint32_t> rows(seeds);
  for (int k = 0; k < kResamples; ++k) {
    for (std::uint32_t& row : rows) row = draw(seeds);
    double sum = 0;
    for (std::uint32_t i = 0; i < clips; ++i) {
      const std::uint32_t clip = draw(clips);
      for (const std::uint32_t row : rows) sum += scores[row][clip];
    }
    means.push_back(sum / (static_cast<double>(seeds) * clips));
  }
  return interval_of(means, kConfidence);
}

}  // namespace pluvia
