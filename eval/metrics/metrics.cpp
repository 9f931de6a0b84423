// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/metrics.h"

#include <string>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {

#define PLUVIA_METRIC(name) Metric metric_##name();
#include "eval/metrics/metrics.list"
#undef PLUVIA_METRIC

const std::vector<Metric>& all_metrics() {
#define PLUVIA_METRIC(name) metric_##name(),
  static const std::vector<Metric> kMetrics = {
#include "eval/metrics/metrics.list"
  };
#undef PLUVIA_METRIC
  return kMetrics;
}

const Metric& metric_by_name(std::string_view name) {
  std::vector<std::string> names;
  for (const Metric& metric : all_metrics()) {
    if (name == metric.name) return metric;
    names.emplace_back(metric.name);
  }
  fail_usage("unknown metric '", name, "'", did_you_mean(name, names),
             "; known: ", list_some(names, 30));
}

void check_metric_input(const MetricInput& input) {
  const bool integers = input.reference.empty();
  const auto check = [&](const auto& a, const auto& b) {
    if (a.empty() || a.height() != b.height() || a.width() != b.width() ||
        a.channels() != b.channels()) {
      fail("scoring: the prediction is ", b.width(), "x", b.height(), " with ", b.channels(),
           " channels, the reference ", a.width(), "x", a.height(), " with ", a.channels());
    }
    const auto& mask = input.mask;
    if (!mask.empty() && (mask.height() != a.height() || mask.width() != a.width())) {
      fail("scoring: the mask is ", mask.width(), "x", mask.height(), ", the pictures ", a.width(),
           "x", a.height());
    }
  };
  if (integers) {
    check(input.reference_u8, input.prediction_u8);
  } else {
    check(input.reference, input.prediction);
  }
}

void refuse_holes(const MetricInput& input, const char* metric) {
  for (int y = 0; y < input.mask.height(); ++y) {
    for (const std::uint8_t value : input.mask.row(y)) {
      if (value == 0) fail("scoring: ", metric, " has no meaning on part of a picture");
    }
  }
}

void OneSize::check(const MetricInput& input, const char* metric) {
  const int height = input.reference.height();
  const int width = input.reference.width();
  if (height_ == 0) {
    height_ = height;
    width_ = width;
  }
  if (height == height_ && width == width_) return;
  fail("scoring: ", metric, " compares neighbouring frames: this one is ", width, "x", height,
       ", the clip's first ", width_, "x", height_);
}

}  // namespace pluvia
