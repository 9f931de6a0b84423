// SPDX-License-Identifier: Apache-2.0
// The one table of cases for backends (after ggml's test-backend-ops): every kernel at several
// sizes, on the CPU and, where there is one, a GPU, against a reference with a stated tolerance.
// The same table is the benchmark. A further operator is one file with a function add_NAME_cases
// and one line in cases.list.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/device.h"

namespace pluvia::backend {

/// A kernel with its input in the memory of a device.
struct Work {
  std::function<void()> launch;                ///< may be called again
  std::function<std::vector<double>()> fetch;  ///< what the last launch gave
};

struct Case {
  std::string name;
  /// Largest difference from the reference; 0: the same numbers.
  double tolerance = 0;
  std::function<Work(const Device&)> prepare;
  /// A plain loop for the same; empty: the CPU is the reference, in the order of pixels that GPUs
  /// take (core/parallel.h) where its kernels loop over tiles.
  std::function<std::vector<double>()> reference;
};

struct Size {
  int height;
  int width;
};

/// One pixel, lines, odd ones, more than a tile, a frame.
std::vector<Size> usual_sizes();
/// "kernel 63x65" (width first, as users write sizes).
std::string case_name(const std::string& kernel, const Size& size);

/// Every case of cases.list.
std::vector<Case> all_cases();

}  // namespace pluvia::backend
