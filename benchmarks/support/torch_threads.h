// SPDX-License-Identifier: Apache-2.0
// Threads as the program has them. LibTorch's idle threads sleep instead of spinning, as the program has it: spinning ones take time
// from whatever else runs. Read when a process starts, hence once more; first thing in main.
#pragma once

#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstdlib>

#include "core/parallel.h"

namespace pluvia::bench {

inline void wait_passively(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  execv(argv[0], argv);
}

/// Of our pool and of LibTorch's.
inline void use_threads(int count) {
  set_thread_count(count);
  at::set_num_threads(count);
}

}  // namespace pluvia::bench
