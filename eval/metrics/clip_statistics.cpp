// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/clip_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pluvia {
namespace {

double population_std(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double mean = 0;
  for (const double v : values) mean += v / n;
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / n);
}

double mean_step(const std::vector<double>& values) {
  double sum = 0;
  for (std::size_t i = 1; i < values.size(); ++i) sum += std::abs(values[i] - values[i - 1]);
  return sum / static_cast<double>(values.size() - 1);
}

// Linear between order statistics, as numpy's default.
double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace

double clip_statistic(const std::vector<double>& values, const std::string& statistic) {
  const bool of_one = statistic == "min" || statistic == "p5";
  if (values.size() < (of_one ? 1U : 2U)) return std::numeric_limits<double>::quiet_NaN();
  if (statistic == "std") return population_std(values);
  if (statistic == "step") return mean_step(values);
  return statistic == "min" ? *std::min_element(values.begin(), values.end())
                            : percentile(values, 0.05);
}

}  // namespace pluvia
