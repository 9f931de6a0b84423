// SPDX-License-Identifier: Apache-2.0
// backend_check [--cpu-only]: runs the table of cases on the CPU and the first GPU and prints one
// table of differences from the reference and times. Exit 0: all hold; 1: some does not; 3: there
// is no GPU and --cpu-only was not given (the CPU's cases have run).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/cuda_runtime.h"
#include "core/error.h"
#include "core/gpu.h"
#include "core/parallel.h"
#include "tests/backend/cases.h"

namespace pluvia::backend {
namespace {

struct Outcome {
  double difference = 0;
  double best_ms = 0;
  bool held = false;
};

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    const double d = same ? 0 : std::abs(a[i] - b[i]);
    most = d <= most ? most : d;  // a NaN on one side stays
  }
  return most;
}

Outcome outcome_of(const Case& one, const Device& device, const std::vector<double>& expected) {
  const Work work = one.prepare(device);
  Outcome out;
  work.launch();
  out.difference = difference(work.fetch(), expected);
  out.held = out.difference <= one.tolerance;
  out.best_ms = INFINITY;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    work.launch();
    if (device.kind == DeviceKind::kCuda) cuda_runtime::finish("running a case");
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start;
    out.best_ms = std::min(out.best_ms, spent.count());
  }
  return out;
}

std::vector<double> reference_of(const Case& one) {
  if (one.reference) return one.reference();
  set_pixel_order(true);
  const Work work = one.prepare({});
  work.launch();
  std::vector<double> out = work.fetch();
  set_pixel_order(false);
  return out;
}

int run(bool cpu_only) {
  const bool gpu = !cpu_only && cuda_kernels_built() && !gpu_system().gpus.empty();
  std::printf("%-36s %10s %12s %12s %12s %12s\n", "case", "tolerance", "cpu", "cpu ms", "cuda",
              "cuda ms");
  int broken = 0;
  int count = 0;
  for (const Case& one : all_cases()) {
    const std::vector<double> expected = reference_of(one);
    const Outcome cpu = outcome_of(one, {}, expected);
    broken += cpu.held ? 0 : 1;
    std::printf("%-36s %10.3g %12.3g %12.3f", one.name.c_str(), one.tolerance, cpu.difference,
                cpu.best_ms);
    bool held = cpu.held;
    if (gpu) {
      const Outcome cuda = outcome_of(one, {DeviceKind::kCuda, 0}, expected);
      broken += cuda.held ? 0 : 1;
      held = held && cuda.held;
      std::printf(" %12.3g %12.3f", cuda.difference, cuda.best_ms);
    }
    std::printf("%s\n", held ? "" : "  BROKEN");
    ++count;
  }
  std::printf("%d cases, %d broken\n", count, broken);
  if (broken > 0) return 1;
  if (gpu || cpu_only) return 0;
  std::fflush(stdout);
  std::fprintf(stderr, "backend_check: %s; the CPU's cases hold, a GPU's could not be run\n",
               cuda_kernels_built() ? gpu_system().note.c_str() : "this build has no CUDA kernels");
  return 3;
}

}  // namespace
}  // namespace pluvia::backend

int main(int argc, char** argv) {
  try {
    const bool cpu_only = argc > 1 && std::strcmp(argv[1], "--cpu-only") == 0;
    return pluvia::backend::run(cpu_only);
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "backend_check: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
