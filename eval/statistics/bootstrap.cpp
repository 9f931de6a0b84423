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

/// The mean over the drawn runs of the score of the drawn units.
double resampled(const SharedScore& score, const std::vector<std::uint32_t>& rows,
                 const std::vector<std::uint32_t>& units) {
  double sum = 0;
  for (const std::uint32_t row : rows) {
    const Shares& shares = score.runs[row];
    Share all;
    for (const std::uint32_t unit : units) all += shares[unit];
    sum += score_of(all, score.law);
  }
  return sum / static_cast<double>(rows.size());
}

/// One run is no sample of runs: it stays.
void draw_rows(std::vector<std::uint32_t>& rows, const DrawIndex& draw) {
  if (rows.size() < 2) return;
  for (std::uint32_t& row : rows) row = draw(static_cast<std::uint32_t>(rows.size()));
}

struct Resampling {
  int resamples = kResamples;
  double confidence = kConfidence;
  DrawIndex draw;
};

std::vector<std::optional<Interval>> bootstrap(std::span<const Contrast> contrasts,
                                               const Resampling& how) {
  PLUVIA_CHECK(!contrasts.empty() && how.resamples > 0, contrasts.size(), " ", how.resamples);
  const Contrast& first = contrasts.front();
  std::vector<std::uint32_t> units(first.score->runs.front().size());
  std::vector<std::uint32_t> rows(first.score->runs.size());
  std::vector<std::uint32_t> other_rows(first.minus == nullptr ? 0 : first.minus->runs.size());
  std::vector<std::vector<double>> values(contrasts.size());
  for (int k = 0; k < how.resamples; ++k) {
    draw_rows(rows, how.draw);
    draw_rows(other_rows, how.draw);
    for (std::uint32_t& unit : units) unit = how.draw(static_cast<std::uint32_t>(units.size()));
    for (std::size_t i = 0; i < contrasts.size(); ++i) {
      double value = resampled(*contrasts[i].score, rows, units);
      if (contrasts[i].minus != nullptr) value -= resampled(*contrasts[i].minus, other_rows, units);
      if (std::isfinite(value)) values[i].push_back(value);
    }
  }
  std::vector<std::optional<Interval>> out;
  for (const std::vector<double>& means : values) {
    out.push_back(means.empty() ? std::nullopt : std::optional(interval_of(means, how.confidence)));
  }
  return out;
}

/// Every value a unit that counts once.
SharedScore plain_score(const std::vector<std::vector<double>>& scores) {
  SharedScore out;
  for (const std::vector<double>& row : scores) {
    out.runs.emplace_back();
    for (const double value : row) out.runs.back().push_back({value, 1});
  }
  return out;
}

Interval plain_interval(const std::vector<std::vector<double>>& scores, const Resampling& how) {
  PLUVIA_CHECK(!scores.empty() && !scores.front().empty(), scores.size());
  const SharedScore score = plain_score(scores);
  const Contrast contrast{&score};
  return *bootstrap(std::span(&contrast, 1), how).front();
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  PLUVIA_CHECK(!values.empty() && q >= 0 && q <= 1, values.size(), " ", q);
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
}

std::vector<std::optional<Interval>> bootstrap_contrasts(std::span<const Contrast> contrasts,
                                                         std::uint64_t seed) {
  return bootstrap(contrasts, {kResamples, kConfidence, Stream(seed)});
}

Interval bootstrap_mean(std::span<const double> values, int resamples, double confidence,
                        const DrawIndex& draw) {
  return plain_interval({{values.begin(), values.end()}}, {resamples, confidence, draw});
}

Interval bootstrap_crossed(const std::vector<std::vector<double>>& scores, std::uint64_t seed) {
  return plain_interval(scores, {kResamples, kConfidence, Stream(seed)});
}

}  // namespace pluvia
