// SPDX-License-Identifier: Apache-2.0
// Compiled with OpenMP, without which LibTorch's loops in headers are loops of one thread; then our
// own pool remains.
#include "models/ops/torch_threads.h"

#include <ATen/Parallel.h>

namespace pluvia::ops {
namespace {

#ifdef _OPENMP
void run_on_torch_threads(int threads, const std::function<void()>& work) {
  at::parallel_for(0, threads, 1,
                   [&work](std::int64_t /*begin*/, std::int64_t /*end*/) { work(); });
}
constexpr Team kTorchTeam = &run_on_torch_threads;
#else
constexpr Team kTorchTeam = nullptr;
#endif

}  // namespace

OnTorchThreads::OnTorchThreads() : scope_(kTorchTeam) {}

}  // namespace pluvia::ops
