// SPDX-License-Identifier: Apache-2.0
// The table of metrics.
#pragma once

#include <string_view>
#include <vector>

#include "core/metric.h"

namespace pluvia {

/// In the order of metrics.list.
const std::vector<Metric>& all_metrics();

/// An Error of usage names the nearest metric when there is none of that name.
const Metric& metric_by_name(std::string_view name);

/// What every metric demands of its input before it looks at a pixel: equal sizes and channels, a
/// mask of the same size or none.
void check_metric_input(const MetricInput& input);

/// For metrics that have no meaning on part of a picture.
void refuse_holes(const MetricInput& input, const char* metric);

/// For metrics that compare frames with the ones before: an Error when a clip's frame differs in
/// size from its first.
class OneSize {
 public:
  void check(const MetricInput& input, const char* metric);

 private:
  int height_ = 0;
  int width_ = 0;
};

}  // namespace pluvia
