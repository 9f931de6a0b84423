// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's console report, followed by the ratios that we state in public: each compares
// two benchmarks of the same run.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace pluvia::bench {

/// `ours` runs at `times` the rate (items or bytes per second) of `theirs`.
struct Ratio {
  std::string ours;
  std::string theirs;
  double wanted;  ///< what docs/performance.md promises; 0 when nothing is promised
};

/// Runs everything asked for on the command line, then prints the ratios whose two sides ran.
int run_with_ratios(int argc, char** argv, const std::vector<Ratio>& ratios);

}  // namespace pluvia::bench
