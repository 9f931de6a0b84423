// SPDX-License-Identifier: Apache-2.0
// Sums of squared differences of 8-bit pictures, in integers: exact whatever the order.
#pragma once

#include <cstdint>
#include <vector>

#include "core/metric.h"

namespace pluvia {

/// Per label; an empty plane of labels is label 0 everywhere.
std::vector<MetricSum> squared_error_sums(ImageView<const std::uint8_t> a,
                                          ImageView<const std::uint8_t> b,
                                          ImageView<const std::uint8_t> labels, int count);

}  // namespace pluvia
