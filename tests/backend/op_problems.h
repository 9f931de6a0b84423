// SPDX-License-Identifier: Apache-2.0
// Operators of networks that have a second body for devices of many threads (models/ops/device_*),
// with inputs at sizes that fit no block, chunk or run. Both bodies run on the CPU, the second on
// GPUs too; what they give, gradients included, is compared under the names of its parts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/device.h"

namespace pluvia::backend {

/// A part's numbers as shares of its largest: sums of many tokens are larger than other parts, and
/// so are their rounding errors.
struct OpResult {
  std::string name;
  std::vector<double> values;
};

/// An operator, forward and backward, with its input in the memory of a device.
struct OpRun {
  std::function<void()> launch;  ///< may be called again
  std::function<std::vector<OpResult>()> fetch;
};

struct OpProblem {
  std::string name;
  double tolerance = 0;
  std::function<OpRun()> ordinary;
  std::function<OpRun(const Device&)> device;
};

void add_scan_problems(std::vector<OpProblem>& problems);
void add_convolution_problems(std::vector<OpProblem>& problems);
inline std::vector<OpProblem> all_op_problems() {
  std::vector<OpProblem> out;
  add_scan_problems(out);
  add_convolution_problems(out);
  return out;
}

}  // namespace pluvia::backend
